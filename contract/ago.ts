import type { Milliseconds } from './units.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `just now`, `3 min ago`, `5 h ago`, `2 days ago`. A time to come, of a clock that was set back, is `just now` too. */
export function agoOf(elapsedMs: Milliseconds): string {
  if (elapsedMs < minuteMs) return 'just now';
  if (elapsedMs < hourMs) return `${Math.floor(elapsedMs / minuteMs)} min ago`;
  if (elapsedMs < 2 * dayMs) return `${Math.floor(elapsedMs / hourMs)} h ago`;
  return `${Math.floor(elapsedMs / dayMs)} days ago`;
}
