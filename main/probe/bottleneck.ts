import type { BitsPerSecond } from '#contract/units.ts';

/** What one path carried while all were filled, and what it carries alone. */
export interface PathRates {
  readonly together: BitsPerSecond | undefined;
  readonly alone: BitsPerSecond | undefined;
}

/** Two that share a port carry half of it each when both are filled, and all of it alone: a ratio of 2. */
const sharedFrom = 1.5;
/** Two that share nothing carry more together than the better of them alone. */
const noMoreThan = 1.2;

/** For each path the others that seem to share a port or a link with it, as indexes. */
export function sharedBottlenecks(rates: readonly PathRates[]): readonly (readonly number[])[] {
  return rates.map((one, index) =>
    rates.flatMap((other, otherIndex) => (otherIndex !== index && share(one, other) ? [otherIndex] : [])),
  );
}

function share(one: PathRates, other: PathRates): boolean {
  if (!one.together || !one.alone || !other.together || !other.alone) return false;
  const together = one.together + other.together;
  return one.alone + other.alone >= sharedFrom * together && together <= noMoreThan * Math.max(one.alone, other.alone);
}
