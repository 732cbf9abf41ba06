import type { Milliseconds } from '#contract/units.ts';
import type { Clock } from '#main/engine/ports.ts';

interface Timer {
  readonly atMs: Milliseconds;
  readonly fire: () => void;
}

/** More sleeps than any honest engine asks for within one instant: it spins. */
const mostSleepsAtOneInstant = 5000;
const epochAtStartMs = Date.UTC(2026, 0, 1);

/**
 * Time that passes only when every task waits for it: an hour of virtual time takes as long as the work in it. Timers fire
 * one by one in the order of their time, then of their making, with all that follows from one settled before the next.
 */
export class VirtualClock implements Clock {
  #nowMs: Milliseconds = 0;
  #timers: Timer[] = [];
  #sleepsAtThisInstant = 0;

  monoMs(): Milliseconds {
    return this.#nowMs;
  }

  epochMs(): Milliseconds {
    return epochAtStartMs + this.#nowMs;
  }

  sleep(ms: Milliseconds, signal?: AbortSignal): Promise<void> {
    this.#sleepsAtThisInstant += 1;
    if (this.#sleepsAtThisInstant > mostSleepsAtOneInstant) throw new Error(`spinning at ${this.#nowMs} ms`);
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        cancel();
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.after(ms, wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Calls back once, after so long; returns what takes that back. */
  after(ms: Milliseconds, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), fire };
    const later = this.#timers.findIndex(({ atMs }) => atMs > timer.atMs);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass until the work has settled. Rejects if it cannot settle, or not within so much virtual time. */
  async until<Value>(work: Promise<Value>, withinMs: Milliseconds = 900_000): Promise<Value> {
    const deadlineMs = this.#nowMs + withinMs;
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    void work.then(mark, mark);
    for (;;) {
      await everythingElse();
      if (settled) return work;
      if (this.#timers.length === 0) throw new Error(`nothing is left to wait for at ${this.#nowMs} ms`);
      if (this.#nowMs > deadlineMs) throw new Error(`still not settled after ${withinMs} ms`);
      this.#fireNext();
    }
  }

  /** Lets so much time pass. */
  async pass(ms: Milliseconds): Promise<void> {
    await this.until(new Promise<void>((resolve) => this.after(ms, resolve)));
  }

  #fireNext(): void {
    const timer = this.#timers.shift();
    if (!timer) return;
    if (timer.atMs > this.#nowMs) this.#sleepsAtThisInstant = 0;
    this.#nowMs = timer.atMs;
    timer.fire();
  }
}

/** Resolves when no promise that could settle now is left: those run before the event loop turns. */
function everythingElse(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
