import type { Milliseconds } from '#contract/units.ts';
import type { Clock } from '#main/engine/ports.ts';

/** The clock of this process: `monoMs` for arithmetic (never set back), `epochMs` for display. */
export const systemClock: Clock = {
  monoMs: () => performance.now(),
  epochMs: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, signal),
};

/** Settles once, whichever comes first; leaves neither a timer nor a listener behind. */
function sleep(ms: Milliseconds, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake, { once: true });
  });
}
