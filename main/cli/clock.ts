import { setTimeout as sleep } from 'node:timers/promises';

/** Time as commands see it, so that tests need not wait. */
export interface Clock {
  epochMs(): number;
  sleep(ms: number): Promise<void>;
  /** Calls again and again until stopped; does not keep the process alive. */
  every(ms: number, tick: () => void): () => void;
}

export const systemClock: Clock = {
  epochMs: Date.now,
  sleep: (ms) => sleep(ms),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms).unref();
    return () => clearInterval(timer);
  },
};
