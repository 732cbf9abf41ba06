import type { Path } from './migration.ts';
import type { BitsPerSecond, Fraction } from './units.ts';

/**
 * A path that is slower than this part of the fastest is joined as a backup. Measured beside 500 Mbit/s (docs/performance.md):
 * one of a tenth adds some hundredths, one of a twentieth nothing, one of a fiftieth takes a sixth away, and one of a
 * hundredth makes the copy twice as slow as the fastest alone, since data waits in its queue that the others have overtaken.
 */
export const leastUsefulFraction: Fraction = 1 / 15;

/** The paths that carry a migration: a backup carries nothing while another path works. */
export function carryingPaths<Each extends { readonly backup?: Path['backup'] }>(
  paths: readonly Each[],
): readonly Each[] {
  return paths.filter(({ backup }) => backup !== true);
}

/** What they carry together; unknown as long as the speed of one of them is. */
export function speedOfPaths(paths: readonly Pick<Path, 'backup' | 'speedBitsPerSecond'>[]): BitsPerSecond | undefined {
  const carrying = carryingPaths(paths);
  const speeds = carrying.flatMap(({ speedBitsPerSecond }) => speedBitsPerSecond ?? []);
  return speeds.length > 0 && speeds.length === carrying.length
    ? speeds.reduce((sum, speed) => sum + speed, 0)
    : undefined;
}
