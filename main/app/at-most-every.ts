import type { Milliseconds } from '#contract/units.ts';

export interface Limited {
  /** The work will be done: now where it has rested for long enough, else as soon as it has. Asking twice does it once. */
  ask(): void;
  cancel(): void;
}

/** Work that is asked for more often than anybody could look at its results. The last asking is never lost. */
export function atMostEvery(ms: Milliseconds, work: () => void): Limited {
  let resting: NodeJS.Timeout | undefined;
  let asked = false;
  const run = (): void => {
    asked = false;
    resting = setTimeout(() => {
      resting = undefined;
      if (asked) run();
    }, ms);
    resting.unref();
    work();
  };
  return {
    ask: () => {
      if (resting) asked = true;
      else run();
    },
    cancel: () => {
      clearTimeout(resting);
      resting = undefined;
      asked = false;
    },
  };
}
