import type { Fraction, Milliseconds } from '#contract/units.ts';

/**
 * What the messages of one monitor may take of this process, which manages other migrations too. Fetching them from the
 * socket costs about as much again and is not seen here: together a quarter of the processor.
 */
const share: Fraction = 0.125;
/** Saved up while little comes: the answer that describes all of QEMU takes 50 ms at once. */
const mostSavedMs: Milliseconds = 150;

/** What can be read, or left for later. */
export interface Paced {
  pause(): unknown;
  resume(): unknown;
}

export interface PaceClock {
  monoMs(): Milliseconds;
  /** Processor time that this thread has used. */
  busyMs(): Milliseconds;
  after(ms: Milliseconds, then: () => void): () => void;
}

const systemPace: PaceClock = {
  monoMs: () => performance.now(),
  busyMs: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Lets a monitor say as much as it likes, and this process read it no faster than leaves time for everything else: a QEMU
 * that never stops to announce something would otherwise hold up the watchdogs of every migration. What comes meanwhile
 * waits in the kernel, and in the end in QEMU itself.
 */
export class ReadingPace {
  readonly #stream: Paced;
  readonly #clock: PaceClock;
  #savedMs: Milliseconds = mostSavedMs;
  #seenAtMonoMs: Milliseconds;
  #cancelRest: (() => void) | undefined;
  #stopped = false;

  constructor(stream: Paced, clock: PaceClock = systemPace) {
    this.#stream = stream;
    this.#clock = clock;
    this.#seenAtMonoMs = clock.monoMs();
  }

  /** Does what came with one chunk, and rests if that was too much. */
  measure(work: () => void): void {
    const before = this.#clock.busyMs();
    work();
    const now = this.#clock.monoMs();
    const earned = (now - this.#seenAtMonoMs) * share;
    this.#seenAtMonoMs = now;
    this.#savedMs = Math.min(mostSavedMs, this.#savedMs + earned) - (this.#clock.busyMs() - before);
    if (this.#savedMs >= 0 || this.#cancelRest || this.#stopped) return;
    this.#stream.pause();
    this.#cancelRest = this.#clock.after(Math.abs(this.#savedMs) / share, () => {
      this.#cancelRest = undefined;
      this.#stream.resume();
    });
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancelRest?.();
  }
}
