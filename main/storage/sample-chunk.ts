import { open } from 'node:fs/promises';
import type { Sample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import { hasCode } from './file-failure.ts';
import { migrationPaths } from './paths.ts';
import { readSamples } from './sample-file.ts';

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
  const samples: Sample[] = [];
  let turn: string[] = [];
  for await (const line of linesOf(migrationPaths(state, id).samples)) {
    // A decoded sample is costly and its time is not: what lies before is skipped by the look of it.
    if (timeOf(line) <= afterEpochMs) continue;
    turn.push(line);
    if (turn.length < linesATurn) continue;
    samples.push(...readSamples(turn.join('\n')).samples);
    turn = [];
    if (samples.length > limit) break;
    await nextTurn();
  }
  samples.push(...readSamples(turn.join('\n')).samples);
  const later = samples.filter((sample) => sample.atEpochMs > afterEpochMs);
  return { samples: later.slice(0, limit), more: later.length > limit };
}

/** `Infinity` where it does not stand at the beginning: then the decoder judges. */
function timeOf(line: string): Milliseconds {
  const [, time] = /^\{"atMonoMs":[^,]*,"atEpochMs":([\d.e+]+)/.exec(line) ?? [];
  return time === undefined ? Infinity : Number(time);
}

/** None where no sample has been written. */
async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    await using file = await open(path, 'r');
    yield* file.readLines();
  } catch (thrown) {
    if (!hasCode(thrown, 'ENOENT')) throw thrown;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
