import type { Writable } from 'node:stream';
import { toJson } from '#contract/json.ts';

/** The places this command writes to, and whether somebody is watching the first. */
export interface Console {
  /** Results. With `--json` exactly one document goes here, and nothing else. */
  out(text: string): void;
  /** Everything that is said on the way. */
  log(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
}

export function processConsole(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Console {
  const writeTo = (stream: Writable): ((text: string) => void) => {
    let broken = false;
    // A reader that has gone (`| head`) must not end a migration that this process looks after.
    stream.on('error', () => {
      broken = true;
    });
    return (text) => {
      if (!broken) stream.write(text.endsWith('\n') ? text : `${text}\n`);
    };
  };
  return {
    out: writeTo(stdout),
    log: writeTo(stderr),
    isTerminal: stdout.isTTY,
    get columns() {
      return stdout.columns || 80;
    },
  };
}

export function printJson(console: Console, document: unknown): void {
  console.out(toJson(document, 2));
}
