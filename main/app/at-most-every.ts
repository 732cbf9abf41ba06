import type { Milliseconds } from '#contract/units.ts';

export interface Limited {
  /** The work will be done: in the next turn where it has rested for long enough, else as soon as it has. */
  ask(): void;
  cancel(): void;
}

/**
 * Work that is asked for more often than its results are needed. However often it is asked for it is done once,
 * and the last asking is never lost. Never in the asker's own turn: code that reports an event need not wait
 * for those who look.
 */
export function atMostEvery(ms: Milliseconds, work: () => void): Limited {
  let timer: NodeJS.Timeout | undefined;
  let asked = false;
  const schedule = (afterMs: Milliseconds): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (!asked) return;
      asked = false;
      schedule(ms);
      work();
    }, afterMs).unref();
  };
  return {
    ask: () => {
      asked = true;
      if (!timer) schedule(0);
    },
    cancel: () => {
      clearTimeout(timer);
      timer = undefined;
      asked = false;
    },
  };
}
