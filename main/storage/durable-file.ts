/** The part of a node:fs FileHandle that an append needs: a test stands in for a disk that fills up. */
export interface FileDoor {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * A file that only grows, and whose every append is on disk when it resolves. A failed append leaves nothing behind:
 * what had been written of it is cut off again.
 *
 * After a failed fdatasync the file takes no more: Linux reports a lost write once and marks the page clean, so that a
 * second fdatasync would succeed without the data.
 */
export class DurableFile {
  readonly #door: FileDoor;
  #byteCount: number;
  #broken: unknown;

  constructor(door: FileDoor, byteCount: number) {
    this.#door = door;
    this.#byteCount = byteCount;
  }

  /** The caller waits for the end of one append before the next. */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      await this.#writeAll(bytes);
    } catch (thrown) {
      await this.#cutBack(thrown);
      throw thrown;
    }
    try {
      await this.#door.datasync();
    } catch (thrown) {
      this.#broken = thrown;
      await this.#cutBack(thrown);
      throw thrown;
    }
    this.#byteCount += bytes.byteLength;
  }

  async close(): Promise<void> {
    await this.#door.close();
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.byteLength;) {
      const { bytesWritten } = await this.#door.write(
        bytes,
        written,
        bytes.byteLength - written,
        this.#byteCount + written,
      );
      written += bytesWritten;
    }
  }

  async #cutBack(reason: unknown): Promise<void> {
    try {
      await this.#door.truncate(this.#byteCount);
    } catch {
      this.#broken = reason;
    }
  }
}
