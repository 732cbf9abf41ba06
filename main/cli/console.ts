import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { toJson } from '#contract/json.ts';
import { visible } from '#contract/plain-text.ts';
import { DescriptorWriter } from './descriptor-writer.ts';

/** A window of text cells. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly colours: boolean;
  readonly unicode: boolean;
  /** What was drawn before has not arrived yet (Ctrl-S, a slow line): draw later. */
  readonly busy: boolean;
  write(text: string): void;
  /** A hidden cursor comes back when this process ends, however it ends. */
  showCursor(shown: boolean): void;
}

/**
 * The places this command writes to. Neither ever blocks, and neither lets through what drives a terminal or is not seen,
 * what was forgotten before.
 */
export interface Console {
  /** Results. With `--json` exactly one document goes here, and nothing else. */
  readonly out: (text: string) => void;
  /** Everything that is said on the way. */
  readonly log: (text: string) => void;
  /** Behind each of the two, if there is one. */
  readonly terminals: { readonly out: Terminal | undefined; readonly log: Terminal | undefined };
}

export interface ProcessConsole extends Console {
  /** Resolves when everything has been written, or cannot be any more. */
  flushed(): Promise<void>;
}

export function processConsole(environment: NodeJS.ProcessEnv = process.env): ProcessConsole {
  const [out, log] = [new DescriptorWriter(1), new DescriptorWriter(2)];
  return {
    out: (text) => out.write(asLines(visible(text))),
    log: (text) => log.write(asLines(visible(text))),
    terminals: {
      out: isTerminal(1, environment) ? processTerminal(1, out, environment) : undefined,
      log: isTerminal(2, environment) ? processTerminal(2, log, environment) : undefined,
    },
    flushed: async () => {
      await Promise.all([out.flushed(), log.flushed()]);
    },
  };
}

export function printJson(console: Console, document: unknown): void {
  console.out(toJson(document, 2));
}

/** How wide a table may be: a pipe has no edge. */
export function columnsOf({ terminals }: Console): number {
  return terminals.out?.columns ?? Infinity;
}

function asLines(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function isTerminal(fd: number, environment: NodeJS.ProcessEnv): boolean {
  return isatty(fd) && environment['TERM'] !== 'dumb';
}

const cursor = { shown: '\u001B[?25h', hidden: '\u001B[?25l' };

function processTerminal(fd: 1 | 2, writer: DescriptorWriter, environment: NodeJS.ProcessEnv): Terminal {
  const stream = fd === 1 ? process.stdout : process.stderr;
  let cursorHidden = false;
  let hooked = false;
  return {
    // A terminal that does not know its size says 0.
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    colours: stream.hasColors(environment),
    unicode: speaksUnicode(environment),
    get busy() {
      return writer.busy;
    },
    write: (text) => writer.write(text),
    showCursor: (shown) => {
      cursorHidden = !shown;
      writer.write(shown ? cursor.shown : cursor.hidden);
      if (hooked) return;
      hooked = true;
      process.on('exit', () => {
        if (cursorHidden) tryToWrite(fd, cursor.shown);
      });
    },
  };
}

function tryToWrite(fd: number, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // The terminal has gone, and its cursor with it.
  }
}

/** Only a locale that names another character set says no: one that is not set says nothing about the terminal. */
export function speaksUnicode(environment: NodeJS.ProcessEnv): boolean {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || '';
  const charset = /\.([^@]+)/.exec(locale)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}
