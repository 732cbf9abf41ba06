import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Control } from './control.ts';

export interface AppOptions {
  /** Holds `package.json` and the built `out/`; the checkout itself, or a copy with something changed in it. */
  readonly root: string;
  readonly browserEndpoint: string;
  readonly packaged?: boolean;
  readonly firstInstance?: boolean;
  /** Kept for a second start; without it the app has a home of its own that goes with it. */
  readonly home?: string;
}

type Message =
  | { readonly ready: true }
  | { readonly id: number; readonly value?: unknown }
  | { readonly id: number; readonly problem: string };

type Method = keyof Control;
type Value<Name extends Method> = Awaited<ReturnType<Control[Name]>>;

/** A built app under the stand-in, in a process of its own. */
export interface DesktopApp {
  readonly home: string;
  do<Name extends Method>(method: Name, ...args: Parameters<Control[Name]>): Promise<Value<Name>>;
  /** The exit code, once it has ended by itself. */
  readonly ended: Promise<number>;
  signal(name: 'SIGTERM' | 'SIGINT'): void;
  /** What it wrote to stderr so far. */
  stderr(): string;
  /** Ends it whatever it is doing, and removes its home. */
  dispose(): Promise<void>;
}

export async function startApp(options: AppOptions): Promise<DesktopApp> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'switchyard-desktop-'));
  for (const folder of ['userData', 'documents', 'logs']) mkdirSync(join(home, folder), { recursive: true });
  const child = fork(
    join(import.meta.dirname, 'run.ts'),
    [
      options.root,
      options.browserEndpoint,
      home,
      options.packaged === true ? 'packaged' : 'checkout',
      options.firstInstance === false ? 'second' : 'first',
    ],
    {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      execArgv: ['--enable-source-maps'],
      env: {
        ...process.env,
        SWITCHYARD_STATE_DIR: join(home, 'state'),
        SWITCHYARD_RUNTIME_DIR: join(home, 'runtime'),
      },
    },
  );
  const app = new RunningApp(child, home, options.home === undefined);
  try {
    await app.started;
  } catch (thrown) {
    await app.dispose();
    throw thrown;
  }
  return app;
}

class RunningApp implements DesktopApp {
  readonly home: string;
  readonly started: Promise<void>;
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  readonly #ownsHome: boolean;
  readonly #calls = new Map<number, { resolve(value: unknown): void; reject(reason: Error): void }>();
  #nextCall = 0;
  #stderr = '';

  constructor(child: ChildProcess, home: string, ownsHome: boolean) {
    this.#child = child;
    this.home = home;
    this.#ownsHome = ownsHome;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => void (this.#stderr += text));
    this.ended = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : -1));
    this.started = new Promise((resolve, reject) => {
      child.on('message', (message: Message) => ('ready' in message ? resolve() : this.#settle(message)));
      void this.ended.then((code) => {
        // Ending at once is what a second instance does, and one that cannot start: that is for the test to judge.
        if (code === 0 || code === 2) resolve();
        else reject(new Error(`the app ended with code ${code}\n${this.#stderr}`));
        for (const call of this.#calls.values()) call.reject(new Error(`the app has ended\n${this.#stderr}`));
      });
    });
  }

  do<Name extends Method>(method: Name, ...args: Parameters<Control[Name]>): Promise<Value<Name>> {
    if (!this.#child.connected) return Promise.reject(new Error(`the app has ended\n${this.#stderr}`));
    return new Promise((resolve, reject) => {
      const id = (this.#nextCall += 1);
      this.#calls.set(id, { resolve, reject });
      this.#child.send({ id, method, args });
    });
  }

  signal(name: 'SIGTERM' | 'SIGINT'): void {
    this.#child.kill(name);
  }

  stderr(): string {
    return this.#stderr;
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.ended;
    if (this.#ownsHome) rmSync(this.home, { recursive: true, force: true });
  }

  #settle(message: Exclude<Message, { ready: true }>): void {
    const call = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if ('problem' in message) call?.reject(new Error(message.problem));
    else call?.resolve(message.value);
  }
}
