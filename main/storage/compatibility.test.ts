import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordSchema, type JournalEntry, type MigrationRecord } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import { phaseOf, replay } from '#main/engine/state.ts';
import { migrationRecord } from '#main/export/record.ts';
import { openJournal } from './journal.ts';
import { migrationPaths } from './paths.ts';
import { readMigration } from './stored-migration.ts';

const finished = '20261122T194012Z-0001';
const everyKind = '20261122T200000Z-0002';
const fixtures = join(import.meta.dirname, 'fixtures');
const clock = { monoMs: () => 0, epochMs: () => 0 };

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-compatibility-'));
  for (const [id, name] of [
    [finished, 'finished'],
    [everyKind, 'every-kind'],
  ] as const) {
    const { directory, journal, samples } = migrationPaths(state, id);
    mkdirSync(directory, { recursive: true });
    cpSync(join(fixtures, `${name}.journal.ndjson`), journal);
    cpSync(join(fixtures, 'finished.samples.ndjson'), samples);
  }
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

function recordOf(entries: readonly JournalEntry[], samples: readonly Sample[]): MigrationRecord {
  const folded = replay(entries.map(({ event }) => event));
  if (!folded) throw new Error('a journal begins with its plan');
  return recordSchema.parse(migrationRecord({ entries, samples, phase: phaseOf(folded) }));
}

test('what was finished long ago is still shown', async () => {
  const { entries, samples, foreign, damage } = await readMigration(state, finished);
  expect({ entries: entries.length, samples: samples.length, foreign, damage }).toEqual({
    entries: 33,
    samples: 10,
    foreign: [],
    damage: undefined,
  });
  const told: object = JSON.parse(readFileSync(join(fixtures, 'finished.record.json'), 'utf8'));
  expect(recordOf(entries, samples)).toMatchObject(told);
});

test('every kind of entry is still understood, with every member that it may have', async () => {
  const { entries, foreign, damage } = await readMigration(state, everyKind);
  const lines = readFileSync(join(fixtures, 'every-kind.journal.ndjson'), 'utf8').trimEnd().split('\n');
  expect({ foreign, damage }).toEqual({ foreign: [], damage: undefined });
  expect(entries.map(({ event }) => event)).toEqual(lines.map((line): unknown => JSON.parse(line).event));
});

test('each of them is reported in a sentence', async () => {
  const { entries, samples } = await readMigration(state, everyKind);
  const { events } = recordOf(entries, samples);
  expect([events.length, events.filter(({ text }) => !/\S\S/.test(text))]).toEqual([entries.length, []]);
});

test.each([finished, everyKind])('%s can be gone on with', async (id) => {
  const { journal, reading, cut } = await openJournal(state, id, clock);
  const { sequence } = await journal.append({ kind: 'attached', user: 'ada', pid: 7 });
  await journal.close();
  expect([sequence, cut, (await readMigration(state, id)).entries.length]).toEqual([
    reading.entries.length,
    undefined,
    reading.entries.length + 1,
  ]);
});
