import type { JournalEntry } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import { fileFailure, hasCode } from './file-failure.ts';
import type { ForeignEntry } from './line.ts';
import { linesOf } from './lines-of.ts';
import { migrationPaths } from './paths.ts';
import { openPlainFile, readPlainFile, readPlainTail, requirePlainDirectory } from './plain-file.ts';
import { readJournal, type Damage, type JournalReading } from './reading.ts';
import { decodeSample } from './sample-file.ts';

/** One migration as it stands on disk. Reading it changes nothing and needs no lock. */
export interface StoredMigration {
  readonly id: string;
  readonly entries: readonly JournalEntry[];
  readonly foreign: readonly ForeignEntry[];
  readonly damage: Damage | undefined;
  readonly samples: readonly Sample[];
  /** Why samples are missing that there should be, as a sentence. */
  readonly samplesProblem?: string;
}

/** A journal is some ten KiB, a few MiB where links have come and gone for days: a longer one is not one of ours. */
export const mostJournalBytes = 64 * 2 ** 20;

/** Seven hours of ten samples a second on two paths. Of more, the last are read. */
export const mostSampleBytes = 256 * 2 ** 20;

export async function readMigration(state: string, id: string): Promise<StoredMigration> {
  const journal = stored(state, id);
  return { id, ...journal, ...samplesFrom(state, id, allSamples) };
}

/** Of what happened alone: the samples of a long run take a while to read. */
export async function readMigrationWithoutSamples(state: string, id: string): Promise<StoredMigration> {
  return { id, ...stored(state, id), samples: [] };
}

/** Every sample of a subflow holds its totals: with the last one alone, all but the medians are known. */
export async function readMigrationWithLastSample(state: string, id: string): Promise<StoredMigration> {
  const journal = stored(state, id);
  return { id, ...journal, ...samplesFrom(state, id, lastSample) };
}

/** The clean prefix of a journal, with the bytes that it was read from. Throws `native` or `rejected`. */
export function readJournalFile(state: string, id: string): JournalReading & { readonly bytes: Buffer } {
  const { directory, journal } = migrationPaths(state, id);
  try {
    requirePlainDirectory(directory);
    const bytes = readPlainFile(journal, mostJournalBytes);
    return { ...readJournal(bytes), bytes };
  } catch (thrown) {
    throw fileFailure(thrown, `The journal of migration ${id} could not be read`, journal);
  }
}

function stored(state: string, id: string): Pick<StoredMigration, 'entries' | 'foreign' | 'damage'> {
  const { entries, foreign, damage } = readJournalFile(state, id);
  return { entries, foreign, damage };
}

type Samples = Pick<StoredMigration, 'samples' | 'samplesProblem'>;

/** Samples may be missing or out of reach: what the journal says does not depend on them. */
function samplesFrom(state: string, id: string, read: (path: string) => Samples): Samples {
  const path = migrationPaths(state, id).samples;
  try {
    return read(path);
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return { samples: [] };
    const { text } = fileFailure(thrown, `The samples of migration ${id} could not be read`, path).failure;
    return { samples: [], samplesProblem: text };
  }
}

function allSamples(path: string): Samples {
  using file = openPlainFile(path);
  const fromByte = Math.max(0, file.byteCount - mostSampleBytes);
  const samples: Sample[] = [];
  for (const line of linesOf(file, fromByte)) {
    const sample = decodeSample(line);
    if (sample) samples.push(sample);
  }
  if (fromByte > 0) return { samples, samplesProblem: `Of its samples only the last are read: ${path} is too long.` };
  return withProblem(path, samples, file.byteCount);
}

/** More than one sample of 64 connections with two subflows each. */
const tailBytes = 128 * 1024;

function lastSample(path: string): Samples {
  const { bytes } = readPlainTail(path, tailBytes);
  const lines = bytes.toString('utf8').split('\n').toReversed();
  const last = lines.find((line) => decodeSample(line) !== undefined) ?? '';
  return withProblem(path, [decodeSample(last) ?? []].flat(), bytes.byteLength);
}

function withProblem(path: string, samples: readonly Sample[], byteCount: number): Samples {
  if (samples.length > 0 || byteCount === 0) return { samples };
  return { samples, samplesProblem: `Its samples cannot be read: nothing in ${path} is a sample.` };
}
