import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalidRequest, type SwitchyardError } from '#contract/errors.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { Ourselves } from '#main/hosts/authority/ourselves.ts';
import type { Rights } from '#main/hosts/authority/rights.ts';
import type { EmulatedTpm } from '#main/hosts/command-line/emulated-tpm.ts';
import { launch, toolOfSystem } from '#main/hosts/launch.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import { readOutput } from '#main/hosts/runtime-folder.ts';
import { swtpmBehind } from './running.ts';
import { readTpmKind, swtpmArguments, type TpmKind } from './tpm-arguments.ts';

const startsWithinMs: Milliseconds = 5000;
const lookEveryMs: Milliseconds = 10;

/** How the twin gets a TPM of its own. */
export interface TpmPlan {
  readonly program: string;
  readonly kind: TpmKind;
}

/** Looks, and changes nothing. Throws `invalid-request` where no swtpm like the source's can be started. */
export function planTpm(tpm: EmulatedTpm, workingDirectory: string, we: Ourselves, hostId: string): TpmPlan {
  const program = toolOfSystem('swtpm', we);
  if (program === undefined) {
    throw invalidRequest(
      `The guest has an emulated TPM, and ${hostId} has no swtpm to start for it.`,
      `Install the package swtpm on ${hostId}, or restart the guest without -tpmdev.`,
      'destination',
    );
  }
  const own = tpm.path === undefined ? undefined : swtpmBehind(resolve(workingDirectory, tpm.path));
  if (own) {
    const kind = readTpmKind(own.argv);
    if ('version' in kind) return { program, kind };
    throw invalidRequest(
      `The swtpm of this guest (process ${own.pid}) was started with \`${kind.unrepeatable}\`, which another one cannot repeat.`,
      'Start swtpm with files that are named by absolute paths, and the guest with it.',
      'guest.argv',
    );
  }
  if (tpm.version === '2') return { program, kind: { version: '2', repeated: [] } };
  throw invalidRequest(
    `Which TPM the guest has is not known, because no swtpm is found at ${tpm.path ?? `the other end of ${tpm.characterDevice}`}.`,
    'Start swtpm with `--ctrl type=unixio,path=...`, and the guest with that path, where Switchyard can see the process.',
    'guest.argv',
  );
}

export interface TpmOrder {
  readonly plan: TpmPlan;
  readonly socketPath: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly output: number;
  readonly outputPath: string;
  readonly rights: Rights;
  readonly place: NetworkPlace;
  readonly hostId: string;
}

/** Starts the twin's swtpm, with the twin's rights; resolves once it listens. It ends with the twin. */
export async function startTpm(order: TpmOrder, we: Ourselves): Promise<void> {
  const { plan, socketPath, environment, output, outputPath, rights, place, hostId } = order;
  const argv = swtpmArguments(socketPath, plan.kind);
  const workingDirectory = dirname(socketPath);
  const child = await launch(place, { program: plan.program, argv, workingDirectory, environment, output, rights }, we);
  child.unref();
  const deadlineMonoMs = performance.now() + startsWithinMs;
  while (!existsSync(socketPath)) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadlineMonoMs) {
      throw notStarted(hostId, await readOutput(outputPath));
    }
    await sleep(lookEveryMs);
  }
}

function notStarted(hostId: string, output: string): SwitchyardError {
  const words = output.trim().replaceAll('\n', '; ').slice(0, 300);
  return invalidRequest(
    `swtpm did not start on ${hostId}: ${words === '' ? 'it printed nothing' : words}.`,
    `Fix on ${hostId} what swtpm reports, then migrate again. The guest was not touched.`,
    'destination',
  );
}
