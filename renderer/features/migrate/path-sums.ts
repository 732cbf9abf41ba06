import type { Path } from '#contract/migration.ts';
import { speedOfPaths } from '#contract/path-speed.ts';
import { formatBitsPerSecond } from '#contract/units.ts';

/** `3 paths · 22.5 Gbit/s`; without the sum where the speed of one of them is not known. */
export function sumInWords(paths: readonly Path[]): string {
  const count = paths.length === 1 ? '1 path' : `${paths.length} paths`;
  const speed = speedOfPaths(paths);
  return speed === undefined ? count : `${count} · ${formatBitsPerSecond(speed)}`;
}
