import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guest } from '#contract/host.ts';
import type { MigrationSettings } from '#contract/migration.ts';
import { defaultSettings } from '#contract/default-settings.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import { startQemu } from '#lab/guest/start.ts';
import { labDown, labStatus, labUp, labVerify, type LabProof } from '#lab/lab.ts';
import { labNames, type LabSide } from '#lab/names.ts';
import { Application } from '#main/app/application.ts';
import { twinOf } from '#main/hosts/command-line/twin.ts';
import { SafetyError } from '#e2e/support/stage/safety-error.ts';

const mebibyte = 2 ** 20;

/** How the command line ended, and what it said. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly log: string;
}

/**
 * A lab with two links of 200 Mbit/s, and an operator who does some things by hand. Its state and its sockets are in folders
 * of their own; everything goes with it.
 */
export class LabByHand implements AsyncDisposable {
  readonly name: string;
  readonly application: Application;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  #started = 0;

  static async make(suffix: string): Promise<LabByHand> {
    const lab = new LabByHand(`sy-${process.pid}-${suffix}`);
    await labUp({
      name: lab.name,
      linkRatesBitsPerSecond: [200e6, 200e6],
      guestMemoryBytes: 64 * mebibyte,
    });
    return lab;
  }

  private constructor(name: string) {
    this.name = name;
    this.#folder = mkdtempSync(join(tmpdir(), 'sy-'));
    const places = {
      SWITCHYARD_STATE_DIR: join(this.#folder, 'state'),
      SWITCHYARD_RUNTIME_DIR: join(this.#folder, 'run'),
    };
    this.#environment = { ...process.env, ...places };
    // The lab is made by this very process, where it finds its folders.
    Object.assign(process.env, places);
    this.application = new Application({ version: '0.0.0', environment: this.#environment });
  }

  host(side: LabSide): string {
    return labNames(this.name)[side];
  }

  get guestName(): string {
    return labNames(this.name).guest;
  }

  /** Where the guest is now, and where it could go. */
  async sides(): Promise<{ readonly here: LabSide; readonly there: LabSide }> {
    const { guest } = await labStatus(this.name);
    const here: LabSide = guest?.host === this.host('source') ? 'source' : 'destination';
    return { here, there: here === 'source' ? 'destination' : 'source' };
  }

  /** The guest itself, wherever it is; not a copy that is leaving or waiting. */
  async guest(): Promise<Guest> {
    const { guest } = await labStatus(this.name);
    const found = (await this.application.guests(guest?.host)).find(({ identity }) => identity.pid === guest?.pid);
    if (!found) throw new Error('the guest is nowhere');
    return found;
  }

  /** Throws a `SafetyError` where it fails: a guest that has lost memory once has lost it. */
  async proof(): Promise<LabProof> {
    const proof = await labVerify(this.name);
    if (!proof.proven) throw new SafetyError([`the memory: ${proof.reason}`]);
    return proof;
  }

  /** A wish to move the guest to the other host. */
  async wish(
    settings: Partial<MigrationSettings>,
    more: Pick<MigrationRequest, 'toWaiting' | 'incoming'> = {},
  ): Promise<MigrationRequest> {
    const { here, there } = await this.sides();
    return {
      guest: this.guestName,
      from: this.host(here),
      to: this.host(there),
      ...more,
      settings: { ...defaultSettings, ...settings },
    };
  }

  /** A QEMU for the guest, as an operator starts one by hand: not paused, and with this after `-incoming`. */
  async startWaiting(side: LabSide, incoming: string, change = (argv: string[]): string[] => argv): Promise<Guest> {
    const guest = await this.guest();
    this.#started += 1;
    const folder = join(this.#folder, 'run', `by-hand-${this.#started}`);
    mkdirSync(folder, { recursive: true });
    const { argv, monitorPath } = twinOf(guest.argv, folder);
    const byHand = argv.filter((each) => each !== '-S').map((each) => (each === 'defer' ? incoming : each));
    const { pid } = await startQemu({
      argv: change(byHand),
      namespace: this.host(side),
      output: join(folder, 'output.log'),
    });
    while (!existsSync(monitorPath)) await sleep(10);
    for (;;) {
      const found = (await this.application.guests(this.host(side))).find(({ identity }) => identity.pid === pid);
      if (found?.waiting) return found;
      await sleep(10);
    }
  }

  /** Runs `switchyard` as an operator does. */
  async type(...args: readonly string[]): Promise<Said> {
    return said(this.typed(args));
  }

  typed(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, ['main/cli/index.ts', ...args], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs a command on one host; what it printed. */
  on(side: LabSide, ...command: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', this.host(side), ...command], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** TCP ports on which any process listens there. */
  listeningPorts(side: LabSide): number[] {
    return this.on(side, 'ss', '-Hltn')
      .split('\n')
      .flatMap((line) => (/:(\d+)\s/.exec(line)?.[1] ? [Number(/:(\d+)\s/.exec(line)?.[1])] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await labDown(this.name);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export async function said(child: ChildProcess): Promise<Said> {
  const [out, log] = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  });
  const [code]: (number | null)[] = await once(child, 'close');
  const text = (chunks: Buffer[] | undefined): string => Buffer.concat(chunks ?? []).toString();
  return { code: code ?? null, out: text(out), log: text(log) };
}

/** How many descriptors a process has open, once that has been the same for a while: QEMU closes what has ended in its own time. */
export async function openDescriptors(pid: number | 'self' = 'self'): Promise<number> {
  const count = (): number => readdirSync(`/proc/${pid}/fd`).length;
  for (let [before, same] = [count(), 0]; ;) {
    await sleep(50);
    const now = count();
    same = now === before ? same + 1 : 0;
    before = now;
    if (same === 5) return now;
  }
}
