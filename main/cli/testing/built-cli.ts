import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

export interface Ended {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stdout has said so; rejects when it ends without. */
  readonly saysOnStdout: (pattern: RegExp) => Promise<void>;
}

/** The command line as it is shipped, with directories of its own, so that it meets no other migrations. */
export class BuiltCli implements AsyncDisposable {
  readonly #program: string;
  readonly #folders: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(program: string, folders: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#program = program;
    this.#folders = folders;
    this.#environment = environment;
  }

  /** Built into the checkout, where it finds koffi, and beside earlier builds. */
  static async make(): Promise<BuiltCli> {
    const output = resolve('out', `cli-${process.pid}`);
    const options = ['--config', 'cli.vite.config.ts', '--outDir', output, '--logLevel', 'warn'];
    await promisify(execFile)(resolve('node_modules', '.bin', 'vite'), ['build', ...options]);
    const home = await mkdtemp(join(tmpdir(), 'sy-cli-'));
    return new BuiltCli(join(output, 'cli.js'), [output, home], {
      ...process.env,
      SWITCHYARD_STATE_DIR: join(home, 'state'),
      SWITCHYARD_RUNTIME_DIR: join(home, 'run'),
    });
  }

  /** What to give a program that starts the command line by itself. */
  argv(...args: readonly string[]): string[] {
    return [process.execPath, this.#program, ...args];
  }

  start(...args: readonly string[]): Running {
    return this.startProgram(this.argv(...args));
  }

  run(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** Any program, with the directories of this command line. */
  startProgram([program = '', ...args]: readonly string[]): Running {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: this.#environment });
    const exited = once(child, 'close');
    // A test may close its end before the command has ended.
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => text(stream).catch(() => ''));
    const ended = exited.then(async (): Promise<Ended> => ({
      code: child.exitCode ?? undefined,
      signal: child.signalCode ?? undefined,
      stdout: (await stdout) ?? '',
      stderr: (await stderr) ?? '',
    }));
    const saysOnStdout = (pattern: RegExp): Promise<void> =>
      new Promise((done, failed) => {
        let said = '';
        child.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (pattern.test(said)) done();
        });
        void ended.then(({ stderr: complaint }) => failed(new Error(`${pattern} was never said: ${complaint}`)));
      });
    return { child, ended, saysOnStdout };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }
}
