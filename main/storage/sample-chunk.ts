import type { Sample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import { fileFailure, hasCode } from './file-failure.ts';
import { linesOf } from './lines-of.ts';
import { migrationPaths } from './paths.ts';
import { openPlainFile } from './plain-file.ts';
import { decodeSample } from './sample-file.ts';

export interface SampleChunk {
  readonly samples: readonly Sample[];
  /** There are later ones: ask again from the last one's time. */
  readonly more: boolean;
}

/** As many lines as are decoded before others get their turn: some milliseconds' worth. */
const linesATurn = 200;

/**
 * The samples of one migration that are later than this instant, oldest first, at most so many. A migration that runs can
 * be asked too: what is not on disk yet is missing at the end.
 */
export async function readSampleChunk(
  state: string,
  id: string,
  { afterEpochMs, limit }: { readonly afterEpochMs: Milliseconds; readonly limit: number },
): Promise<SampleChunk> {
  const path = migrationPaths(state, id).samples;
  const later: Sample[] = [];
  try {
    using file = openPlainFile(path);
    let decoded = 0;
    for (const line of linesOf(file)) {
      // A decoded sample is costly and its time is not: what lies before is skipped by the look of it.
      if (timeOf(line) <= afterEpochMs) continue;
      const sample = decodeSample(line);
      if (sample && sample.atEpochMs > afterEpochMs) later.push(sample);
      if (later.length > limit) break;
      decoded += 1;
      if (decoded % linesATurn === 0) await nextTurn();
    }
  } catch (thrown) {
    if (!hasCode(thrown, 'ENOENT')) throw fileFailure(thrown, `The samples of migration ${id} could not be read`, path);
  }
  return { samples: later.slice(0, limit), more: later.length > limit };
}

/** `Infinity` where it does not stand at the beginning: then the decoder judges. */
function timeOf(line: string): Milliseconds {
  const [, time] = /^\{"atMonoMs":[^,]*,"atEpochMs":([\d.e+]+)/.exec(line) ?? [];
  return time === undefined ? Infinity : Number(time);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
