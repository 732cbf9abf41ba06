import { write as writeWithCallback } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isErrno } from './errno.ts';

/** write(2) on a descriptor: how many of the bytes it took. */
export type WriteSome = (fd: number, bytes: Uint8Array) => Promise<number>;

const write = promisify(writeWithCallback);
const writeInThePool: WriteSome = async (fd, bytes) => (await write(fd, bytes)).bytesWritten;

/** A reader that handed us a pipe in non-blocking mode is asked again after this. */
const fullPipeMs = 10;

/**
 * Writes to a descriptor in order, without ever holding up this process: Node's own stdout blocks in write(2), so a
 * terminal that was stopped with Ctrl-S, or a pager that is not scrolled, would stop what this process manages. A
 * reader that has gone (`| head`) is no failure: what follows is dropped.
 */
export class DescriptorWriter {
  readonly #fd: number;
  readonly #writeSome: WriteSome;
  #pending = '';
  #working: Promise<void> | undefined;
  #broken = false;

  constructor(fd: number, writeSome: WriteSome = writeInThePool) {
    this.#fd = fd;
    this.#writeSome = writeSome;
  }

  /** Something written before has not been taken yet. */
  get busy(): boolean {
    return this.#working !== undefined;
  }

  write(text: string): void {
    if (this.#broken) return;
    this.#pending += text;
    this.#working ??= this.#work();
  }

  /** Resolves when everything has been taken, or no reader is left. */
  async flushed(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#pending !== '' && !this.#broken) {
      const bytes = Buffer.from(this.#pending);
      this.#pending = '';
      await this.#writeAll(bytes);
    }
    this.#working = undefined;
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    for (let taken = 0; taken < bytes.length && !this.#broken;) {
      try {
        taken += await this.#writeSome(this.#fd, bytes.subarray(taken));
      } catch (thrown) {
        if (isErrno(thrown, 'EAGAIN')) await sleep(fullPipeMs);
        else this.#broken = true;
      }
    }
  }
}
