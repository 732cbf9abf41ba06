import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JournalEvent } from '#contract/migration.ts';
import { exampleEvents, examplePlan, exampleSamples, journalOf } from '#main/export/testing/example-migration.ts';
import { History, type HistoryOptions } from './history.ts';
import { encodeLine } from './line.ts';
import { migrationPaths } from './paths.ts';

let state = '';
let summarised: string[] = [];
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-history-'));
  summarised = [];
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

const ids = ['20261120T080000Z-0001', '20261121T080000Z-0002', '20261121T090000Z-0003'] as const;

function keep(id: string, events: readonly JournalEvent[]): void {
  const paths = migrationPaths(state, id);
  mkdirSync(paths.directory, { recursive: true });
  writeFileSync(
    paths.journal,
    journalOf(...events)
      .map(encodeLine)
      .join(''),
  );
}

function history(changes: Partial<HistoryOptions<string>> = {}): History<string> {
  const summarise: HistoryOptions<string>['summarise'] = ({ id, entries, samples }) => {
    summarised.push(id);
    return `${entries.length} entries, ${samples.length} samples`;
  };
  return new History({ state, version: '1', summarise, report: () => 'i-00000000', ...changes });
}

const unended = exampleEvents.slice(0, 5);
const indexPath = (): string => join(state, 'history.sqlite');

test('nothing has been migrated yet', async () => {
  expect(await history().list()).toEqual([]);
});

test('newest first, open ones flagged', async () => {
  keep(ids[0], exampleEvents);
  keep(ids[2], unended);
  keep(ids[1], exampleEvents);
  const ended = { open: false, summary: '19 entries, 0 samples', problem: undefined };
  expect(await history().list()).toEqual([
    { id: ids[2], open: true, summary: '5 entries, 0 samples', problem: undefined },
    { id: ids[1], ...ended },
    { id: ids[0], ...ended },
  ]);
});

test('one that was taken up again after its end is open', async () => {
  keep(ids[0], [...exampleEvents, { kind: 'attached', user: 'ada', pid: 7 }]);
  expect(await history().list()).toMatchObject([{ open: true }]);
});

test('the last sample is enough for a summary', async () => {
  keep(ids[0], exampleEvents);
  const lines = exampleSamples.map((sample) => JSON.stringify(sample));
  writeFileSync(migrationPaths(state, ids[0]).samples, `${lines.join('\n')}\n`);
  expect(await history().list()).toMatchObject([{ summary: '19 entries, 1 samples' }]);
});

test('journals that have not changed are not read again; open and changed ones are', async () => {
  keep(ids[0], exampleEvents);
  keep(ids[1], exampleEvents);
  keep(ids[2], unended);
  const before = await history().list();
  appendFileSync(migrationPaths(state, ids[1]).journal, 'torn');
  summarised = [];
  expect(await history().list()).toEqual(before);
  expect(summarised).toEqual([ids[2], ids[1]]);
});

test.for([
  ['missing', () => rmSync(indexPath())],
  ['not a database', () => writeFileSync(indexPath(), 'garbage '.repeat(1000))],
  ['empty', () => writeFileSync(indexPath(), '')],
  ['damaged', () => writeFileSync(indexPath(), readFileSync(indexPath()).fill(0x5a, 2048))],
] as const)('an index that is %s changes no answer, and is made anew', async ([, spoil]) => {
  keep(ids[0], exampleEvents);
  const before = await history().list();
  spoil();
  const answers = [await history().list(), await history().list()];
  summarised = [];
  expect([...answers, await history().list()]).toEqual([before, before, before]);
  expect(summarised).toEqual([]);
});

test('another version summarises anew', async () => {
  keep(ids[0], exampleEvents);
  await history().list();
  expect(await history({ version: '2', summarise: () => 'in new words' }).list()).toMatchObject([
    { summary: 'in new words' },
  ]);
});

test('a removed migration is gone, also from the index', async () => {
  keep(ids[0], exampleEvents);
  await history().list();
  rmSync(migrationPaths(state, ids[0]).directory, { recursive: true });
  await history().list();
  expect(readFileSync(indexPath(), 'utf8')).not.toContain('19 entries');
});

test('what is wrong with a journal stands in its row', async () => {
  keep(ids[0], []);
  keep(ids[1], exampleEvents);
  const { journal } = migrationPaths(state, ids[1]);
  writeFileSync(journal, readFileSync(journal, 'utf8').replace('Multipath TCP', 'Multipath UDP'));
  mkdirSync(migrationPaths(state, ids[2]).directory);
  const rows = await history().list();
  expect(rows.map(({ open, problem }) => ({ open, problem: problem?.replace(state, '') }))).toEqual([
    { open: false, problem: `The journal of migration ${ids[2]} could not be read: there is no such file (ENOENT).` },
    {
      open: true,
      problem: expect.stringMatching(
        /^Its journal is damaged after entry 7 \(byte \d+\): what follows is not trusted\.$/,
      ),
    },
    { open: false, problem: 'Its journal ends before the plan: nothing was done.' },
  ]);
});

test('a plan of another version is not taken for none', async () => {
  const [planned] = journalOf({ kind: 'planned', plan: examplePlan() });
  const paths = migrationPaths(state, ids[0]);
  mkdirSync(paths.directory, { recursive: true });
  writeFileSync(
    paths.journal,
    encodeLine({ ...JSON.parse(JSON.stringify(planned)), event: { kind: 'planned', plan: 7 } }),
  );
  expect(await history().list()).toMatchObject([
    { open: false, problem: 'Its plan cannot be read: another version of Switchyard wrote it, or it is damaged.' },
  ]);
});

test('folders that are no migrations are left alone', async () => {
  keep(ids[0], [{ kind: 'planned', plan: examplePlan() }]);
  mkdirSync(join(state, 'migrations', 'lost+found'));
  expect(await history().list()).toHaveLength(1);
});

test('an id is found whole or by its beginning', async () => {
  for (const id of ids) keep(id, exampleEvents);
  expect([await history().find(ids[1]), await history().find('20261120')]).toEqual([ids[1], ids[0]]);
});

test.for([
  ['20261121', `"20261121" is the beginning of 2 migrations: ${ids[2]}, ${ids[1]}.`],
  ['1999', 'There is no migration "1999".'],
  ['', 'There is no migration "".'],
  ['../..', 'There is no migration "../..".'],
] as const)('%j is refused', async ([text, message]) => {
  for (const id of ids) keep(id, exampleEvents);
  await expect(history().find(text)).rejects.toThrow(message);
});
