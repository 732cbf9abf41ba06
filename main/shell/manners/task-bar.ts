import { progressOf, recentThroughput } from '#contract/progress.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Fraction } from '#contract/units.ts';

/** Electron's own numbers for `setProgressBar`: below 0 is no bar, above 1 one that only moves. */
export const noBar = -1;
export const movingBar = 2;

/** One bar for everything that runs: the mean, once something is known of each. `undefined`: nothing known yet. */
export function barOf(fractions: readonly (Fraction | undefined)[]): number {
  if (fractions.length === 0) return noBar;
  const known = fractions.filter((fraction) => fraction !== undefined);
  if (known.length < fractions.length) return movingBar;
  return known.reduce((sum, fraction) => sum + fraction, 0) / known.length;
}

const recentMs = 2_000;

/** How far one migration is, by its latest samples: the same figure that its window shows. */
export function fractionOf(samples: readonly Sample[]): Fraction | undefined {
  const qemu = samples.at(-1)?.qemu;
  return qemu && progressOf(qemu, recentThroughput(samples, recentMs)).fraction;
}
