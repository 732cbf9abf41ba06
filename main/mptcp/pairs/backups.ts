import type { Path } from '#contract/migration.ts';
import { leastUsefulFraction } from '#contract/path-speed.ts';
import { freshProbe } from '#contract/probe.ts';
import type { BitsPerSecond } from '#contract/units.ts';

/**
 * Marks the paths that would make a Multipath TCP connection slower. The first path carries its beginning whatever the speed, and
 * what the operator names is used as it is.
 */
export function withBackups(paths: readonly Path[], isNamed: ((path: Path) => boolean) | undefined): readonly Path[] {
  const speeds = paths.map(speedOf);
  const fastest = Math.max(...speeds.map((speed = 0) => speed));
  return paths.map((path, index) => {
    const speed = speeds[index];
    const isSlow = speed !== undefined && speed < leastUsefulFraction * fastest;
    return index > 0 && isSlow && isNamed?.(path) !== true ? { ...path, backup: true } : path;
  });
}

/** As measured, where the measurement was not limited by the machine itself; else as the links are. */
function speedOf(path: Path): BitsPerSecond | undefined {
  const probe = freshProbe(path);
  const measured = probe?.capacityIsLeast === true ? undefined : probe?.capacityBitsPerSecond;
  return measured ?? path.speedBitsPerSecond;
}
