import type { Fd } from '#native/fd.ts';
import type { QmpTransport } from './transport.ts';

interface Letter {
  readonly bytes: Uint8Array;
  readonly enclosed?: { readonly descriptors: readonly Fd[]; readonly onError: (error: unknown) => void };
}

/**
 * Puts lines on the transport in the order they come. Descriptors go around the stream, straight to its socket, so the
 * stream must have handed over all of its bytes before, and may get none until the descriptors are gone.
 */
export class Outbox {
  readonly #transport: QmpTransport;
  readonly #waiting: Letter[] = [];
  #busy = false;
  #unflushedWrites = 0;
  #onFlushed: (() => void) | undefined;

  constructor(transport: QmpTransport) {
    this.#transport = transport;
  }

  /** The line is on the stream when this returns, unless descriptors are under way before it. */
  write(bytes: Uint8Array): void {
    this.#post({ bytes });
  }

  /** `onError` gets what the transport threw. */
  writeWithDescriptors(bytes: Uint8Array, descriptors: readonly Fd[], onError: (error: unknown) => void): void {
    this.#post({ bytes, enclosed: { descriptors, onError } });
  }

  #post(letter: Letter): void {
    this.#waiting.push(letter);
    if (!this.#busy) void this.#deliver();
  }

  async #deliver(): Promise<void> {
    this.#busy = true;
    for (let letter = this.#waiting.shift(); letter; letter = this.#waiting.shift()) {
      const { bytes, enclosed } = letter;
      if (enclosed) await this.#deliverWithDescriptors(bytes, enclosed);
      else this.#writeToStream(bytes);
    }
    this.#busy = false;
  }

  /** A failed write needs no handling here: `error` and `close` of the stream end what waits. */
  #writeToStream(bytes: Uint8Array): void {
    const { stream } = this.#transport;
    this.#unflushedWrites += 1;
    // Lines of one moment leave together: a system call wakes QEMU, and costs more than all the rest of a question.
    stream.cork();
    process.nextTick(() => stream.uncork());
    stream.write(bytes, () => {
      this.#unflushedWrites -= 1;
      if (this.#unflushedWrites === 0) this.#onFlushed?.();
    });
  }

  async #deliverWithDescriptors(
    bytes: Uint8Array,
    { descriptors, onError }: NonNullable<Letter['enclosed']>,
  ): Promise<void> {
    try {
      if (this.#unflushedWrites > 0) await new Promise<void>((resolve) => (this.#onFlushed = resolve));
      this.#transport.sendWithDescriptors?.(bytes, descriptors);
    } catch (error) {
      onError(error);
    } finally {
      this.#onFlushed = undefined;
    }
  }
}
