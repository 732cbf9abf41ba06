import { open, readFile } from 'node:fs/promises';
import type { JournalEntry } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import { fileFailure } from './file-failure.ts';
import type { ForeignEntry } from './line.ts';
import { migrationPaths } from './paths.ts';
import { readJournal, type Damage } from './reading.ts';
import { readSamples } from './sample-file.ts';

/** One migration as it stands on disk. Reading it changes nothing and needs no lock. */
export interface StoredMigration {
  readonly id: string;
  readonly entries: readonly JournalEntry[];
  readonly foreign: readonly ForeignEntry[];
  readonly damage: Damage | undefined;
  readonly samples: readonly Sample[];
}

export async function readMigration(state: string, id: string): Promise<StoredMigration> {
  return stored(state, id, readSamples(await textOf(migrationPaths(state, id).samples)).samples);
}

/** For whoever only wants to know what happened: the samples of a long run take a while to read. */
export async function readMigrationWithoutSamples(state: string, id: string): Promise<StoredMigration> {
  return stored(state, id, []);
}

/** Every sample of a subflow holds its totals: with the last one alone, all but the medians can be told. */
export async function readMigrationWithLastSample(state: string, id: string): Promise<StoredMigration> {
  return stored(state, id, readSamples(await tailOf(migrationPaths(state, id).samples)).samples.slice(-1));
}

async function stored(state: string, id: string, samples: readonly Sample[]): Promise<StoredMigration> {
  const { journal } = migrationPaths(state, id);
  try {
    const { entries, foreign, damage } = readJournal(await readFile(journal));
    return { id, entries, foreign, damage, samples };
  } catch (thrown) {
    throw fileFailure(thrown, `The journal of migration ${id} could not be read`, journal);
  }
}

/** Samples may be missing or out of reach: what the journal tells does not depend on them. */
async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** More than one sample of 64 connections with two subflows each. */
const tailBytes = 128 * 1024;

async function tailOf(path: string): Promise<string> {
  const handle = await open(path, 'r').catch(() => undefined);
  try {
    const { size } = (await handle?.stat()) ?? { size: 0 };
    const length = Math.min(size, tailBytes);
    const tail = await handle?.read(Buffer.alloc(length), 0, length, size - length);
    return tail?.buffer.toString('utf8') ?? '';
  } catch {
    return '';
  } finally {
    await handle?.close();
  }
}
