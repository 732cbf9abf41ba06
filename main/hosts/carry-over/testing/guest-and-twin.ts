import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { carryOver } from '#main/hosts/carry-over/carry-over.ts';
import { twinOf } from '#main/hosts/command-line/twin.ts';
import { readPortrait } from '#main/hosts/portrait/read-portrait.ts';
import { compare } from '#main/likeness/compare.ts';
import { withVerdict, type JudgedFinding } from '#main/likeness/finding.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { isJsonObject, type JsonValue } from '#main/qmp/json.ts';

const program = 'qemu-system-x86_64';

/** Why guests cannot be started here; `undefined` when they can. */
export function whyNoGuests(): string | undefined {
  return spawnSync(program, ['-version']).error ? `${program} is not installed` : undefined;
}

export interface Image {
  readonly name: string;
  readonly format: 'raw' | 'qcow2';
  /** An image that was made before. */
  readonly backing?: string;
}

/** What became of a guest that was changed while it ran. */
export interface Result {
  readonly source: Portrait;
  /** Findings of the carry-over. */
  readonly carried: readonly string[];
  readonly refused: readonly string[];
  /** What the waiting twin differs in, besides what is harmless. */
  readonly differences: readonly JudgedFinding[];
  readonly twin: Portrait;
}

/** One folder with images, one paused guest in it, and a twin of it that waits: everything ends with the scope. */
export class GuestAndTwin implements AsyncDisposable {
  readonly folder: string;
  readonly #ownsFolder: boolean;
  readonly #processes: ChildProcess[] = [];
  readonly #clients: QmpClient[] = [];
  #guest: { readonly argv: readonly string[]; readonly pid: number; readonly client: QmpClient } | undefined;

  /** In a folder of its own, or in one that stays. */
  constructor(folder?: string) {
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'sy-likeness-'));
    this.#ownsFolder = folder === undefined;
  }

  /** Images by QEMU itself, since qemu-img may not be installed. */
  async makeImages(...images: readonly Image[]): Promise<void> {
    const { client, process: maker } = await this.#launch(
      [program, '-machine', 'none', '-nodefaults', '-display', 'none', '-S'],
      'maker',
    );
    for (const { name, format, backing } of images) {
      const filename = join(this.folder, name);
      const size = 4 * 1024 * 1024;
      await job(client, { driver: 'file', filename, size: format === 'raw' ? size : 0 });
      if (format === 'raw') continue;
      await client.executeRaw('blockdev-add', { driver: 'file', 'node-name': 'f', filename });
      const base = backing === undefined ? {} : { 'backing-file': join(this.folder, backing), 'backing-fmt': 'qcow2' };
      await job(client, { driver: 'qcow2', file: 'f', size, ...base });
      await client.executeRaw('blockdev-del', { 'node-name': 'f' });
    }
    maker.kill('SIGKILL');
    await once(maker, 'exit');
  }

  /** Makes an overlay again, over a base at another place. */
  async rebase(overlay: string, base: string): Promise<void> {
    const { client, process: maker } = await this.#launch(
      [program, '-machine', 'none', '-nodefaults', '-display', 'none', '-S'],
      'rebaser',
    );
    await client.executeRaw('blockdev-add', { driver: 'file', 'node-name': 'f', filename: overlay });
    const size = 4 * 1024 * 1024;
    await job(client, { driver: 'qcow2', file: 'f', size, 'backing-file': base, 'backing-fmt': 'qcow2' });
    maker.kill('SIGKILL');
    await once(maker, 'exit');
  }

  /** A paused guest of 16 MiB; relative paths mean the folder. */
  async start(...args: readonly string[]): Promise<QmpClient> {
    const memory = args.includes('-m') ? [] : ['-m', '16376K'];
    const base = [program, '-name', 'web', '-accel', 'tcg', ...memory, '-nodefaults', '-display', 'none', '-S'];
    const argv = [...base, ...args];
    const { client, process: guest } = await this.#launch(argv, 'guest');
    this.#guest = {
      argv: [...argv, '-qmp', `unix:${join(this.folder, 'guest.qmp')},server=on,wait=off`],
      pid: guest.pid ?? 0,
      client,
    };
    return client;
  }

  /** Reads the guest, starts the twin that follows from it, and compares both. */
  async likeness(): Promise<Result> {
    if (!this.#guest) throw new Error('there is no guest yet');
    const { argv, pid, client } = this.#guest;
    const source = await readPortrait(client, pid);
    const over = carryOver(argv, source);
    const twin = twinOf(over.argv, join(this.folder, 'twin'));
    const { client: there, process: child } = await this.#launch(twin.argv, 'twin', twin.monitorPath);
    const portrait = await readPortrait(there, child.pid ?? 0);
    return {
      source,
      carried: withVerdict(over.findings, 'carried').map(({ text }) => text),
      refused: withVerdict(over.findings, 'refused').map(({ text }) => text),
      differences: withVerdict(compare(source, portrait), 'refused'),
      twin: portrait,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const child of this.#processes) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
    if (this.#ownsFolder) rmSync(this.folder, { recursive: true, force: true });
  }

  async #launch(
    argv: readonly string[],
    name: string,
    monitor?: string,
  ): Promise<{ readonly client: QmpClient; readonly process: ChildProcess }> {
    const path = monitor ?? join(this.folder, `${name}.qmp`);
    const own = monitor === undefined ? ['-qmp', `unix:${path},server=on,wait=off`] : [];
    const [command = program, ...args] = argv;
    let said = '';
    if (monitor !== undefined) mkdirSync(dirname(monitor), { recursive: true });
    const child = spawn(command, [...args, ...own], { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    this.#processes.push(child);
    // The socket is there before it listens.
    let client: QmpClient | undefined;
    while (!client) {
      if (child.exitCode !== null) throw new Error(`the ${name} did not start: ${said} ${args.join(' ')}`);
      client = existsSync(path) ? await QmpClient.connect({ path }).catch(() => undefined) : undefined;
      if (!client) await sleep(10);
    }
    this.#clients.push(client);
    return { client, process: child };
  }
}

/** Writes or reads a pattern through the guest's own QEMU (`qemu-io` of its human monitor); answers with what it printed. */
export async function patternOf(client: QmpClient, drive: string, command: string): Promise<string> {
  const answer = await client.execute('human-monitor-command', { 'command-line': `qemu-io ${drive} "${command}"` });
  return answer.trim();
}

async function job(client: QmpClient, options: Readonly<Record<string, unknown>>): Promise<void> {
  await client.executeRaw('blockdev-create', { 'job-id': 'make', options });
  for (;;) {
    const jobs = await client.executeRaw('query-jobs');
    const found = (Array.isArray(jobs) ? jobs : []).find(
      (each: JsonValue) => isJsonObject(each) && each['id'] === 'make',
    );
    if (isJsonObject(found) && found['status'] === 'concluded') {
      if (typeof found['error'] === 'string') throw new Error(found['error']);
      await client.executeRaw('job-dismiss', { id: 'make' });
      return;
    }
    await sleep(5);
  }
}
