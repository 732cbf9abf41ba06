import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '#e2e/support/stage/command.ts';

/** Where an app keeps its things; several lives of the app can share it. */
export class Premises implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'sy-web-'));

  /** From now on it is this user's. */
  giveTo(uid: number): void {
    chownSync(this.folder, uid, uid);
  }

  get environment(): NodeJS.ProcessEnv {
    const { folder } = this;
    return {
      ...process.env,
      HOME: folder,
      SWITCHYARD_STATE_DIR: join(folder, 'state'),
      SWITCHYARD_RUNTIME_DIR: join(folder, 'run'),
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `switchyard serve`, from the sources, as a process of its own: it can be killed. */
export class ServedApp implements AsyncDisposable {
  /** Good for one browser. */
  readonly link: string;
  readonly #child: ChildProcess;
  readonly #said: string[];

  /** `by` is a program that starts it: as another user, for instance. */
  static async start(premises: Premises, by: readonly string[] = []): Promise<ServedApp> {
    const [program, ...args] = [...by, process.execPath, commandLine, 'serve', '--no-open'];
    const child = spawn(program, args, {
      env: premises.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    const link = await new Promise<string>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said.push(text);
          const address = /http:\S+/.exec(said.join(''))?.[0];
          if (address !== undefined) resolve(address);
        });
      }
      child.once('exit', () => reject(new Error(`the app ended at once: ${said.join('')}`)));
    });
    return new ServedApp(child, link, said);
  }

  private constructor(child: ChildProcess, link: string, said: string[]) {
    this.#child = child;
    this.link = link;
    this.#said = said;
  }

  /** Everything on stdout and stderr so far. */
  get said(): string {
    return this.#said.join('');
  }

  /** Resolves with the exit code; `undefined` when the signal ended it. */
  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | undefined> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'close');
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.exitCode ?? undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGINT');
  }
}
