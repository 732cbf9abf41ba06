import type { Application } from '#main/app/application.ts';
import type { Console } from './console.ts';
import type { Signals } from './drive.ts';

/** What a command works with; the real one is built in index.ts, tests bring their own. */
export interface Context {
  readonly console: Console;
  readonly signals: Signals;
  /** Loaded when first asked for: `--help` needs none of it. */
  readonly application: () => Promise<Application>;
}

/** A command answers with the exit code. */
export type Command = (context: Context) => Promise<number>;
