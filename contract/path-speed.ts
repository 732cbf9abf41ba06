import type { Path } from './migration.ts';
import type { BitsPerSecond } from './units.ts';

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
