import { closeSync } from 'node:fs';

/**
 * An open file descriptor with exactly one owner: a scope (`using`), or the code that took it with {@link Fd.release}.
 *
 * Closed once only. Linux hands a closed number to the next `open`, so a second close would hit a stranger's file;
 * that is why the number cannot be read after closing.
 */
export class Fd implements Disposable {
  #number: number | undefined;

  /** Takes ownership of `number`. */
  constructor(number: number) {
    if (!Number.isInteger(number) || number < 0) throw new RangeError(`${number} is not a file descriptor.`);
    this.#number = number;
  }

  /** The number, for a call made now. Do not keep it. */
  get number(): number {
    if (this.#number === undefined) throw new Error('This file descriptor is closed or was handed over.');
    return this.#number;
  }

  get isOpen(): boolean {
    return this.#number !== undefined;
  }

  /** Gives ownership away: who takes the number closes it from now on (`new net.Socket({ fd: fd.release() })`). */
  release(): number {
    const number = this.number;
    this.#number = undefined;
    return number;
  }

  [Symbol.dispose](): void {
    if (this.#number === undefined) return;
    const number = this.#number;
    this.#number = undefined;
    closeSync(number);
  }
}
