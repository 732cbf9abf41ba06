import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exampleEvents, exampleId, sampleAt } from '#main/export/testing/example-migration.ts';
import { History } from './history.ts';
import { createJournal, openJournal } from './journal.ts';
import { lockMigration, managerOf } from './lock.ts';
import { migrationPaths } from './paths.ts';
import { readSampleChunk } from './sample-chunk.ts';
import { openSampleFile } from './sample-file.ts';
import { liveHostileFiles, namedPipeAt, replace } from './testing/hostile-files.ts';

// A process that waits for the other end of a named pipe waits for ever: each of these would run into the runner's limit.

const clock = { monoMs: () => 100, epochMs: () => 1_795_000_000_000 };
let state = '';
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-hostile-'));
  const journal = await createJournal(state, exampleId, clock);
  for (const event of exampleEvents) await journal.append(event);
  await journal.close();
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

const history = () =>
  new History({
    state,
    version: '1',
    summarise: ({ entries }) => `${entries.length} entries`,
    parse: (summary) => (typeof summary === 'string' ? summary : undefined),
    isFinal: () => true,
    report: () => 'i-00000000',
  });

describe.each(liveHostileFiles)('%s', (what, spoil) => {
  test('in the place of a journal is named in its row', async () => {
    const { journal } = migrationPaths(state, exampleId);
    await replace(journal, spoil);
    expect(await history().list()).toMatchObject([
      {
        problem: `The journal of migration ${exampleId} could not be read: it is ${what}, not a file (${journal}).`,
      },
    ]);
  });

  test('in the place of a journal is not taken up', async () => {
    await replace(migrationPaths(state, exampleId).journal, spoil);
    await expect(openJournal(state, exampleId, clock)).rejects.toMatchObject({ failure: { kind: 'rejected' } });
  });

  test('in the place of the samples is named, by the list and by what reads them', async () => {
    const { samples } = migrationPaths(state, exampleId);
    await replace(samples, spoil);
    const text = `The samples of migration ${exampleId} could not be read: it is ${what}, not a file (${samples}).`;
    expect(await history().list()).toMatchObject([{ problem: text }]);
    await expect(readSampleChunk(state, exampleId, { afterEpochMs: 0, limit: 1 })).rejects.toThrow(text);
  });

  test('in the place of the samples costs samples, and the manager does not wait', async () => {
    const { samples } = migrationPaths(state, exampleId);
    await replace(samples, spoil);
    const file = openSampleFile(samples);
    file.add(sampleAt(0, 0));
    await file.close();
    expect(file.lostCount).toBe(1);
  });

  test('in the place of a lock is refused, and not waited for', async () => {
    const { lock } = migrationPaths(state, exampleId);
    await replace(lock, spoil);
    const text = `it is ${what}, not a file (${lock}).`;
    expect(() => managerOf(state, exampleId)).toThrow(text);
    expect(() => lockMigration(state, { pid: 1, user: 'ada', migrationId: exampleId, sinceEpochMs: 0 })).toThrow(text);
  });

  test('in the place of the index is replaced by an index', async () => {
    const before = await history().list();
    await replace(join(state, 'history.sqlite'), spoil);
    expect([await history().list(), await history().list()]).toEqual([before, before]);
  });
});

test('a named pipe under the name of a folder is named in its row, and the others are listed', async () => {
  const other = '20261121T080000Z-0002';
  namedPipeAt(migrationPaths(state, other).directory);
  writeFileSync(join(state, 'migrations', 'no-id'), '');
  const rows = await history().list();
  expect(rows.map(({ id, problem }) => [id, problem])).toEqual([
    [exampleId, undefined],
    [
      other,
      `The journal of migration ${other} could not be read: it is a named pipe, not a directory (${migrationPaths(state, other).directory}).`,
    ],
  ]);
});
