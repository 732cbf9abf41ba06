import { ffi } from './libc.ts';

/**
 * A buffer whose address goes into a kernel struct. The collector sees no reference in a number: without a pin it may
 * free the buffer while the kernel still writes to it. Pinned until the end of its scope (`using`).
 */
export class PinnedBuffer<Bytes extends Uint8Array = Uint8Array> implements Disposable {
  static readonly #pinned = new Set<PinnedBuffer>();

  readonly bytes: Bytes;
  readonly address: bigint;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    this.address = ffi().addressOf(bytes);
    PinnedBuffer.#pinned.add(this);
  }

  [Symbol.dispose](): void {
    PinnedBuffer.#pinned.delete(this);
  }
}
