import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseWindowState, type WindowState } from './window-state.ts';

/** Synchronous, because the window must not be seen jumping, and a closing one must not be gone before it is written. */
export class WindowStateFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): WindowState | undefined {
    try {
      return parseWindowState(readFileSync(this.#path, 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** Where a window stood is not worth a complaint: a full disk or a read-only home is passed over. */
  write(state: WindowState): void {
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(state), { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch {
      // The next start takes the usual place.
    }
  }
}
