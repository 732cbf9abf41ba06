import { setTimeout as sleep } from 'node:timers/promises';
import { QmpError } from './fault.ts';

export interface PatienceOptions {
  /** For connecting, the greeting and the negotiation together. Default 3000. */
  readonly connectTimeoutMs?: number;
  /** Gives the attempt up. */
  readonly signal?: AbortSignal | undefined;
}

const defaultLimitMs = 3000;

/** How long one attempt to connect may take in all, and what it is called when that is over. */
export class Patience {
  readonly limitMs: number;
  readonly #monitor: string;
  readonly #deadline: AbortSignal;
  readonly #over: AbortSignal;

  /** Begins to run out now. */
  constructor(monitor: string, { connectTimeoutMs = defaultLimitMs, signal }: PatienceOptions) {
    this.limitMs = connectTimeoutMs;
    this.#monitor = monitor;
    this.#deadline = AbortSignal.timeout(connectTimeoutMs);
    this.#over = AbortSignal.any(signal ? [this.#deadline, signal] : [this.#deadline]);
  }

  /** The promise's own outcome; `ifLate` or `cancelled` when patience is over before. */
  async waitFor<Value>(promise: Promise<Value>, ifLate: 'no-greeting' | 'no-negotiation'): Promise<Value> {
    const impatience = Promise.withResolvers<never>();
    const onOver = (): void => impatience.reject(this.#fault(ifLate));
    if (this.#over.aborted) onOver();
    else this.#over.addEventListener('abort', onOver, { once: true });
    try {
      return await Promise.race([promise, impatience.promise]);
    } finally {
      this.#over.removeEventListener('abort', onOver);
    }
  }

  async pause(ms: number, ifLate: 'no-greeting' | 'no-negotiation'): Promise<void> {
    await this.waitFor(sleep(ms), ifLate);
  }

  #fault(ifLate: 'no-greeting' | 'no-negotiation'): QmpError {
    return new QmpError(
      this.#monitor,
      this.#deadline.aborted
        ? { kind: ifLate, afterMs: this.limitMs }
        : { kind: 'cancelled', command: 'connect', effect: 'none' },
    );
  }
}
