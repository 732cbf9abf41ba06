import type { Path } from '#contract/migration.ts';
import { leastUsefulFraction } from '#contract/path-speed.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Bytes, Fraction, Microseconds, Milliseconds } from '#contract/units.ts';
import { openSubflowsOn } from './missing-paths.ts';

/** Long enough to see through a burst, short beside a migration that is worth it. */
const judgedOverMs: Milliseconds = 3000;
/** Where data waits that the others have overtaken, round trips take many times as long as on the fastest path. */
const queueingRttRatio = 4;
/** In so many of the samples; one may catch a queue between two bursts. */
const mostSamples: Fraction = 0.8;

interface Reading {
  readonly atMonoMs: Milliseconds;
  readonly paths: ReadonlyMap<Path, { readonly bytes: Bytes; readonly rttUs: Microseconds }>;
}

/**
 * Paths that slow a connection down more than they help: they carry next to nothing beside the fastest path, and the data in
 * their queue holds up what the others have delivered. Only the running migration shows them where a speed is unknown or wrong.
 */
export class SlowPaths {
  #readings: Reading[] = [];

  /** Takes a sample, and answers with the paths that have been so for long enough. */
  saw(sample: Sample, paths: readonly Path[]): readonly Path[] {
    this.#readings.push({ atMonoMs: sample.atMonoMs, paths: readingsOf(sample, paths) });
    const [first] = this.#readings;
    if (!first || sample.atMonoMs - first.atMonoMs < judgedOverMs) return [];
    const judged = this.#readings;
    this.#readings = [];
    return slowest(judged);
  }
}

/** Of the paths that are in use alone: a backup is idle, and one that is lost is another matter. */
function readingsOf(sample: Sample, paths: readonly Path[]): Reading['paths'] {
  return new Map(
    paths.flatMap((path) => {
      const open = openSubflowsOn(path, sample);
      if (open.length === 0 || open.some(({ state }) => state !== 'active')) return [];
      const bytes = open.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
      return [[path, { bytes, rttUs: Math.max(...open.map(({ rttUs }) => rttUs)) }] as const];
    }),
  );
}

function slowest(readings: readonly Reading[]): readonly Path[] {
  const [first, last] = [readings[0], readings.at(-1)];
  if (!first || !last) return [];
  const carried = [...first.paths]
    .filter(([path]) => readings.every(({ paths }) => paths.has(path)))
    .map(([path, { bytes }]) => ({ path, bytes: (last.paths.get(path)?.bytes ?? 0) - bytes }))
    .toSorted((one, other) => other.bytes - one.bytes);
  const [fastest] = carried;
  if (!fastest) return [];
  return carried
    .filter(({ bytes }) => bytes > 0 && bytes < leastUsefulFraction * fastest.bytes)
    .map(({ path }) => path)
    .filter((path) => {
      const queueing = readings.filter(({ paths }) => {
        const [slow, fast] = [paths.get(path)?.rttUs ?? 0, paths.get(fastest.path)?.rttUs ?? 0];
        return slow > queueingRttRatio * fast;
      });
      return queueing.length >= mostSamples * readings.length;
    });
}
