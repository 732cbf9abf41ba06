import type { BitsPerSecond, Bytes, Milliseconds } from '#contract/units.ts';

/** Bytes that each path has had acknowledged so far, in the order of the paths, at one instant since filling began. */
export interface FlowPoint {
  readonly atMs: Milliseconds;
  readonly bytes: readonly Bytes[];
}

/**
 * How long filling lasts on paths of short round trips. Measured on links of 50 Mbit/s to 5 Gbit/s, also unequal ones: the
 * slope of `bytes_acked` from 0.2 s to 0.5 s is within 1.5 % of what the path carries; before, a slow start is seen.
 */
const usualMs: Milliseconds = 500;
const longestMs: Milliseconds = 1000;
/** What slow start needs to fill a path of that round trip. */
const slowStartRoundTrips = 10;
const windowMs: Milliseconds = 300;
const stepMs: Milliseconds = 100;
/** Two steps in a row that agree so far are the end of it. */
const settledWithin = 0.03;
/** Beyond this the last two steps show something that has not settled. */
const unsettledBeyond = 0.25;

export function fillingMs(longestRttMs: Milliseconds): Milliseconds {
  return Math.min(longestMs, usualMs + slowStartRoundTrips * longestRttMs);
}

/** Whether every path has carried the same in the last two steps, so that filling may end early. */
export function hasSettled(points: readonly FlowPoint[]): boolean {
  const last = points.at(-1);
  if (!last || last.bytes.length === 0 || last.atMs < 3 * stepMs) return false;
  return last.bytes.every((_, path) => {
    const [before, now] = lastSteps(points, path, last.atMs);
    return before !== undefined && now !== undefined && now > 0 && Math.abs(now - before) <= settledWithin * now;
  });
}

/** What a path carried in the end; `undefined` where nothing of it was acknowledged. */
export function capacityOf(points: readonly FlowPoint[], path: number): BitsPerSecond | undefined {
  const last = points.at(-1);
  if (!last) return undefined;
  const fromMs = last.atMs >= usualMs ? last.atMs - windowMs : last.atMs - 2 * stepMs;
  const rate = rateBetween(points, path, fromMs, last.atMs);
  return rate === undefined || rate <= 0 ? undefined : rate;
}

/** Whether it is worth another try: a path has carried nothing, or not the same from step to step. */
export function isUnclear(points: readonly FlowPoint[]): boolean {
  const last = points.at(-1);
  if (!last || last.bytes.length === 0) return true;
  return last.bytes.some((_, path) => {
    const [before, now] = lastSteps(points, path, last.atMs);
    if (before === undefined || now === undefined || now <= 0) return true;
    return Math.abs(now - before) > unsettledBeyond * now;
  });
}

function lastSteps(
  points: readonly FlowPoint[],
  path: number,
  endMs: Milliseconds,
): readonly [BitsPerSecond | undefined, BitsPerSecond | undefined] {
  return [
    rateBetween(points, path, endMs - 2 * stepMs, endMs - stepMs),
    rateBetween(points, path, endMs - stepMs, endMs),
  ];
}

/** Between the readings nearest to those instants; each has its own time, so a late one costs nothing. */
function rateBetween(
  points: readonly FlowPoint[],
  path: number,
  fromMs: Milliseconds,
  toMs: Milliseconds,
): BitsPerSecond | undefined {
  const [from, to] = [nearest(points, fromMs), nearest(points, toMs)];
  if (!from || !to || to.atMs <= from.atMs) return undefined;
  return (((to.bytes[path] ?? 0) - (from.bytes[path] ?? 0)) * 8 * 1000) / (to.atMs - from.atMs);
}

function nearest(points: readonly FlowPoint[], atMs: Milliseconds): FlowPoint | undefined {
  let found: FlowPoint | undefined;
  for (const point of points) if (!found || Math.abs(point.atMs - atMs) < Math.abs(found.atMs - atMs)) found = point;
  return found;
}
