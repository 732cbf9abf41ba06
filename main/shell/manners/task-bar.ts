import type { MigrationRow } from '#contract/channels.ts';
import { progressOf } from '#contract/progress.ts';
import type { Fraction } from '#contract/units.ts';

/** What takes the bar away (Electron's `setProgressBar`: below 0). */
export const noBar = -1;

/** One bar for everything that runs: the mean. What nothing is known of yet counts as not begun. */
export function barOf(fractions: readonly (Fraction | undefined)[]): number {
  if (fractions.length === 0) return noBar;
  return fractions.reduce<number>((sum, fraction) => sum + (fraction ?? 0), 0) / fractions.length;
}

/** How far one migration is: the same figure that its window shows. */
export function fractionOf({ latest }: MigrationRow): Fraction | undefined {
  return latest?.qemu && progressOf(latest.qemu, latest.throughputBitsPerSecond).fraction;
}
