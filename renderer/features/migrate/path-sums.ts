import type { Path } from '#contract/migration.ts';
import { formatBitsPerSecond } from '#contract/units.ts';

/** `3 paths · 22.5 Gbit/s`; without the sum where the speed of one of them is not known. */
export function sumInWords(paths: readonly Path[]): string {
  const count = paths.length === 1 ? '1 path' : `${paths.length} paths`;
  const speeds = paths.flatMap(({ speedBitsPerSecond }) => speedBitsPerSecond ?? []);
  if (speeds.length === 0 || speeds.length < paths.length) return count;
  return `${count} · ${formatBitsPerSecond(speeds.reduce((sum, speed) => sum + speed, 0))}`;
}
