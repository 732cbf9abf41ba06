import type { Milliseconds } from '#contract/units.ts';

/** In one turn of the event loop: everything else that this process does waits no longer than this for a probe. */
const sliceMs: Milliseconds = 1;

/** Repeats a piece of work until it is done or the slice is over. */
export function forOneSlice(work: () => 'more' | 'done'): void {
  const endMonoMs = performance.now() + sliceMs;
  while (work() === 'more' && performance.now() < endMonoMs);
}
