import { basename, resolve } from 'node:path';
import type { QemuIdentity } from '#contract/host.ts';
import { readBootId, terminate } from '#main/hosts/process/identity.ts';
import {
  listProcessIds,
  readCredentials,
  readLink,
  readProcessStat,
  readProgram,
} from '#main/hosts/process/process-table.ts';
import { controlSocketOf } from './tpm-arguments.ts';

/** Ends the swtpm of a twin that never came to it, or that has ended. Throws where it cannot be ended. */
export async function endTpmOf(socketPath: string, owner: number): Promise<void> {
  const found = swtpmBehind(socketPath);
  const stat = found && readProcessStat(found.pid);
  // Any process can write such a path on its command line: it must run as the owner of the folder.
  if (!stat || readCredentials(found.pid)?.uids.effective !== owner) return;
  const { pid, startTimeTicks } = stat;
  const identity: QemuIdentity = { uuid: '', pid, startTimeTicks, bootId: readBootId(), uid: owner };
  await terminate(identity);
}

/** By its program and by its own words: what it says decides which TPM the twin gets, and no rights. */
export function swtpmBehind(path: string): { readonly pid: number; readonly argv: readonly string[] } | undefined {
  for (const pid of listProcessIds()) {
    const { program, argv } = readProgram(pid);
    if (basename(program ?? argv[0] ?? '') !== 'swtpm') continue;
    const socket = controlSocketOf(argv);
    if (socket !== undefined && resolve(readLink(pid, 'cwd') ?? '/', socket) === path) return { pid, argv };
  }
  return undefined;
}
