import { clockOf } from '#renderer/components/words.ts';

/** `now`, `−30 s`, `−2:00`: distance from the right edge, for a chart that follows. */
export function beforeNow(second: number, nowSecond: number): string {
  const ago = Math.round(nowSecond - second);
  if (ago <= 0) return 'now';
  return ago < 60 ? `−${ago} s` : `−${clockOf(ago * 1000)}`;
}

/** `0:41`: distance from the beginning, for a chart of a whole run. */
export function sinceStart(second: number, startSecond: number): string {
  return clockOf(Math.round(second - startSecond) * 1000);
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Of the width, where a mark's words would run into those of the other axis. */
const cornerFraction = 0.02;

/** Round marks counted from `origin`, at most one every 90 pixels. */
export function marksFrom(origin: number, from: number, to: number, widthPixels: number): number[] {
  const room = Math.max(1, Math.floor(widthPixels / 90));
  const step = steps.find((candidate) => (to - from) / candidate <= room) ?? 86_400;
  const marks: number[] = [];
  const first = from + (to - from) * cornerFraction;
  for (let mark = origin + Math.ceil((first - origin) / step) * step; mark <= to; mark += step) marks.push(mark);
  return marks;
}
