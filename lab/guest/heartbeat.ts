import { watch, type FSWatcher } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Milliseconds } from '#contract/units.ts';

/** The longest silence of a guest, over all the serial ports that it has spoken on. */
export interface HeartbeatReport {
  /** Resolution: one heartbeat interval (10 ms by default) and the scheduling of this process. 0 before the second beat. */
  readonly longestGapMs: Milliseconds;
  /** When that silence ended, on this process's monotonic clock (`performance.now()`). */
  readonly longestGapEndedAtMonoMs: Milliseconds | undefined;
  readonly beats: number;
  /** Ports on which the guest said that it was booting while watched: a reset, not a migration. */
  readonly boots: readonly string[];
}

/** Arithmetic of heartbeats; what watches files feeds it. */
export class HeartbeatLedger {
  #lastBeatMs: Milliseconds | undefined;
  #longestGapMs = 0;
  #longestGapEndedAtMonoMs: Milliseconds | undefined;
  #beats = 0;
  readonly #boots = new Set<string>();

  /** `text` appeared on a port at this moment. */
  note(port: string, text: string, atMonoMs: Milliseconds): void {
    if (text.includes('A')) this.#boots.add(port);
    const beats = text.split('B').length - 1;
    if (beats === 0) return;
    this.#beats += beats;
    const gapMs = atMonoMs - (this.#lastBeatMs ?? atMonoMs);
    if (gapMs > this.#longestGapMs) {
      this.#longestGapMs = gapMs;
      this.#longestGapEndedAtMonoMs = atMonoMs;
    }
    this.#lastBeatMs = atMonoMs;
  }

  report(): HeartbeatReport {
    return {
      longestGapMs: this.#longestGapMs,
      longestGapEndedAtMonoMs: this.#longestGapEndedAtMonoMs,
      beats: this.#beats,
      boots: [...this.#boots],
    };
  }
}

/**
 * Listens to serial ports that QEMU writes to files. Add the destination's as soon as its file exists, before the guest
 * may run there. Only what is written after `add` counts.
 */
export class HeartbeatWatch {
  readonly #ledger = new HeartbeatLedger();
  readonly #ports: Port[] = [];

  /** `fromStart` counts what the file already holds as written now: right for a port without output so far. */
  async add(serialPath: string, { fromStart = false } = {}): Promise<void> {
    const port = await Port.open(serialPath, fromStart, (text, atMonoMs) =>
      this.#ledger.note(serialPath, text, atMonoMs),
    );
    this.#ports.push(port);
  }

  report(): HeartbeatReport {
    return this.#ledger.report();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ports.splice(0).map((port) => port.close()));
  }
}

/** One serial file, read as it grows. */
class Port {
  readonly #file: FileHandle;
  readonly #watcher: FSWatcher;
  readonly #hear: (text: string, atMonoMs: Milliseconds) => void;
  #offset: number;
  #reading = false;
  #more = false;

  static async open(
    path: string,
    fromStart: boolean,
    hear: (text: string, atMonoMs: Milliseconds) => void,
  ): Promise<Port> {
    const file = await open(path, 'r');
    return new Port(file, path, fromStart ? 0 : (await file.stat()).size, hear);
  }

  private constructor(
    file: FileHandle,
    path: string,
    offset: number,
    hear: (text: string, atMonoMs: Milliseconds) => void,
  ) {
    this.#file = file;
    this.#offset = offset;
    this.#hear = hear;
    this.#watcher = watch(path, () => this.#grew(performance.now()));
    // A file that can no longer be watched has no more beats, which its report shows.
    this.#watcher.on('error', () => undefined);
    this.#grew(performance.now());
  }

  /** The moment of a beat is that of the kernel's notice; reading it may take its time. */
  #grew(atMonoMs: Milliseconds): void {
    this.#more = true;
    if (!this.#reading) void this.#readOn(atMonoMs);
  }

  async #readOn(atMonoMs: Milliseconds): Promise<void> {
    this.#reading = true;
    const buffer = Buffer.alloc(4096);
    try {
      while (this.#more) {
        this.#more = false;
        const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#offset);
        if (bytesRead === 0) continue;
        this.#offset += bytesRead;
        this.#more ||= bytesRead === buffer.length;
        this.#hear(buffer.toString('latin1', 0, bytesRead), atMonoMs);
      }
    } catch {
      // Closed in the middle of a read: the watch is over.
    } finally {
      this.#reading = false;
    }
  }

  async close(): Promise<void> {
    this.#watcher.close();
    await this.#file.close();
  }
}
