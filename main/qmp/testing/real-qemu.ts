import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const program = 'qemu-system-x86_64';
const bareArguments = ['-machine', 'none', '-accel', 'tcg', '-S', '-display', 'none', '-nodefaults', '-no-user-config'];

/** Why a live test of the monitor cannot run here; `undefined` when it can. */
export function whyNoQemu(): string | undefined {
  return spawnSync(program, ['-version']).status === 0 ? undefined : `${program} is not installed`;
}

/**
 * A QEMU without a machine, just good enough to be talked to; its own directory is where it runs. Ends, and leaves
 * nothing, when its scope does.
 */
export class RealQemu implements AsyncDisposable {
  readonly directory: string;
  readonly monitorPath: string;
  readonly #process: ChildProcess;

  static async start(...extraArguments: readonly string[]): Promise<RealQemu> {
    const qemu = new RealQemu(extraArguments);
    await qemu.#listening();
    return qemu;
  }

  private constructor(extraArguments: readonly string[]) {
    this.directory = mkdtempSync(join(tmpdir(), 'sy-qmp-'));
    this.monitorPath = join(this.directory, 'qmp.sock');
    this.#process = spawn(
      program,
      [...bareArguments, '-qmp', `unix:${this.monitorPath},server=on,wait=off`, ...extraArguments],
      { cwd: this.directory, stdio: ['ignore', 'ignore', 'inherit'] },
    );
  }

  /** Resolves when the process is gone. */
  async exited(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.exited();
    rmSync(this.directory, { recursive: true });
  }

  async #listening(): Promise<void> {
    for (let attempt = 0; attempt < 500; attempt += 1) {
      const status = await lstat(this.monitorPath).catch(() => undefined);
      if (status?.isSocket()) return;
      await sleep(10);
    }
    await this[Symbol.asyncDispose]();
    throw new Error(`${program} made no monitor socket within 5 s`);
  }
}
