import type { Milliseconds } from '#contract/units.ts';
import type { Elapsed } from './decide.ts';
import type { Clock } from './ports.ts';

/** Measures what `decide` asks about: for how long nothing has moved, nothing has changed, and the source has stood still. */
export class Stopwatch {
  readonly #clock: Pick<Clock, 'monoMs'>;
  #most = Number.NEGATIVE_INFINITY;
  #movedAtMonoMs: Milliseconds;
  #changedAtMonoMs: Milliseconds;
  #stoppedAtMonoMs: Milliseconds | undefined;

  constructor(clock: Pick<Clock, 'monoMs'>) {
    this.#clock = clock;
    this.#movedAtMonoMs = clock.monoMs();
    this.#changedAtMonoMs = clock.monoMs();
  }

  /** By the kernel's count or by QEMU's, whichever was the highest. */
  moved(bytes: number): void {
    if (bytes <= this.#most) return;
    this.#most = bytes;
    this.#movedAtMonoMs = this.#clock.monoMs();
  }

  /** Something was done, or what was seen of either side is another thing now. */
  changed(): void {
    this.#changedAtMonoMs = this.#clock.monoMs();
  }

  /** Whether the source was seen stopped, or did not answer. */
  sourceIsStopped(stopped: boolean): void {
    this.#stoppedAtMonoMs = stopped ? (this.#stoppedAtMonoMs ?? this.#clock.monoMs()) : undefined;
  }

  elapsed(): Elapsed {
    const now = this.#clock.monoMs();
    return {
      withoutProgressMs: now - Math.max(this.#movedAtMonoMs, this.#changedAtMonoMs),
      sourceStoppedMs: now - (this.#stoppedAtMonoMs ?? now),
      unchangedMs: now - this.#changedAtMonoMs,
    };
  }
}
