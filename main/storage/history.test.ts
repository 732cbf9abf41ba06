import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JournalEvent, Outcome } from '#contract/migration.ts';
import { exampleEvents, examplePlan, exampleSamples, journalOf } from '#main/export/testing/example-migration.ts';
import { History, type HistoryOptions } from './history.ts';
import { encodeLine } from './line.ts';
import { migrationPaths, migrationsDirectory } from './paths.ts';
import { hostileFiles, replace } from './testing/hostile-files.ts';

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
  const parse = (summary: unknown): string | undefined => (typeof summary === 'string' ? summary : undefined);
  const isFinal = (outcome: Outcome): boolean => outcome === 'done-on-destination';
  return new History({ state, version: '1', summarise, parse, isFinal, report: () => 'i-00000000', ...changes });
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
  appendFileSync(migrationPaths(state, ids[1]).journal, '{"crc32":"torn');
  summarised = [];
  expect(await history().list()).toEqual(before);
  expect(summarised).toEqual([ids[2], ids[1]]);
});

test.for([
  ['missing', () => rmSync(indexPath())],
  ['not a database', () => writeFileSync(indexPath(), 'garbage '.repeat(1000))],
  ['empty', () => writeFileSync(indexPath(), '')],
  ['damaged', () => writeFileSync(indexPath(), readFileSync(indexPath()).fill(0x5a, 2048))],
] as const)('an index that is %s changes no answer, and is made again', async ([, spoil]) => {
  keep(ids[0], exampleEvents);
  const before = await history().list();
  spoil();
  const answers = [await history().list(), await history().list()];
  summarised = [];
  expect([...answers, await history().list()]).toEqual([before, before, before]);
  expect(summarised).toEqual([]);
});

test('another version summarises again', async () => {
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

test('only the newest are listed where so many are asked for, with each older one that waits for something', async () => {
  keep(ids[0], unended);
  keep(ids[1], exampleEvents);
  keep(ids[2], exampleEvents);
  const listed = await history().list({ newest: 1 });
  expect([listed.map(({ id }) => id), summarised, await history().count()]).toEqual([
    [ids[2], ids[0]],
    [ids[2], ids[0]],
    3,
  ]);
});

test('of a thousand that have ended the journals are not read for a list of the newest', async () => {
  const all = Array.from({ length: 1000 }, (_, index) => `20251120T080000Z-${index.toString(16).padStart(4, '0')}`);
  for (const id of all) keep(id, exampleEvents);
  await history().list({ newest: 10 });
  expect(summarised).toEqual(all.toReversed().slice(0, 10));
});

test('what one look has found out about an older one is remembered by the next process', async () => {
  keep(ids[0], exampleEvents);
  keep(ids[1], exampleEvents);
  await history().list({ newest: 1 });
  const whole = await history().list();
  summarised = [];
  const again = history();
  expect([await again.list(), await again.list({ newest: 1 }), summarised]).toEqual([whole, whole.slice(0, 1), []]);
});

test('an older one whose end leaves something to do is listed, also from what is remembered', async () => {
  keep(ids[0], [
    ...exampleEvents,
    { kind: 'attached', user: 'ada', pid: 7 },
    { kind: 'ended', outcome: 'paused-recoverable', guest: 'stopped' },
  ]);
  keep(ids[1], exampleEvents);
  const listed = async (): Promise<string[]> => (await history().list({ newest: 1 })).map(({ id }) => id);
  expect([await listed(), await listed()]).toEqual([
    [ids[1], ids[0]],
    [ids[1], ids[0]],
  ]);
});

test('of what is looked at again in one process only what has changed is read', async () => {
  keep(ids[0], unended);
  keep(ids[1], exampleEvents);
  const mine = history();
  await mine.list();
  summarised = [];
  const unchanged = await mine.list();
  appendFileSync(migrationPaths(state, ids[0]).samples, 'torn');
  await mine.list();
  rmSync(migrationPaths(state, ids[1]).directory, { recursive: true });
  expect([unchanged.length, summarised, (await mine.list()).length]).toEqual([2, [ids[0]], 1]);
});

const places = ['journal', 'samples'] as const;
test.for(places.flatMap((place) => hostileFiles.map(([what, spoil]) => [what, place, spoil] as const)))(
  '%s in the place of the %s is named in its row, and the others are listed',
  async ([what, place, spoil]) => {
    keep(ids[0], exampleEvents);
    keep(ids[1], exampleEvents);
    const path = migrationPaths(state, ids[1])[place];
    await replace(path, spoil);
    const rows = await history().list();
    expect(rows.map(({ id, problem }) => [id, problem])).toEqual([
      [ids[1], `The ${place} of migration ${ids[1]} could not be read: it is ${what}, not a file (${path}).`],
      [ids[0], undefined],
    ]);
  },
);

test('a folder that is a link is named, and not followed', async () => {
  keep(ids[0], exampleEvents);
  const { directory } = migrationPaths(state, ids[1]);
  symlinkSync(migrationPaths(state, ids[0]).directory, directory);
  const [row] = await history().list();
  expect(row?.problem).toBe(
    `The journal of migration ${ids[1]} could not be read: it is a symbolic link, not a directory (${directory}).`,
  );
});

test('a journal of 184 MB is named without being read', async () => {
  keep(ids[0], exampleEvents);
  const { journal } = migrationPaths(state, ids[0]);
  truncateSync(journal, 184_000_000);
  const [row] = await history().list();
  expect(row?.problem).toContain(`it has 184000000 bytes, and at most 67108864 are read (${journal}).`);
});

test.each(['without', 'with'])(
  'garbage %s ends of lines and zero bytes is damage, and not a journal that was just begun',
  async (which) => {
    keep(ids[0], exampleEvents);
    const garbage = Buffer.alloc(300_000, 0xfe);
    if (which === 'with') for (let at = 0; at < garbage.byteLength; at += 100) garbage.set([0x0a, 0], at);
    writeFileSync(migrationPaths(state, ids[0]).journal, garbage);
    expect(await history().list()).toMatchObject([
      { problem: 'Its plan cannot be read: another version of Switchyard wrote it, or it is damaged.' },
    ]);
  },
);

test('garbage in the place of the samples is named', async () => {
  keep(ids[0], exampleEvents);
  const { samples } = migrationPaths(state, ids[0]);
  writeFileSync(samples, Buffer.alloc(300_000, 0xfe));
  expect(await history().list()).toMatchObject([
    { summary: '19 entries, 0 samples', problem: `Its samples cannot be read: nothing in ${samples} is a sample.` },
  ]);
});

test.each([9e18, -1, 1e308])('an entry at %d is damage, not a time', async (atEpochMs) => {
  const [first, second] = journalOf(...exampleEvents);
  const { directory, journal } = migrationPaths(state, ids[0]);
  mkdirSync(directory, { recursive: true });
  const line = JSON.stringify({ ...second, atEpochMs });
  const checksum = crc32(line).toString(16).padStart(8, '0');
  writeFileSync(journal, [first].flatMap((entry) => (entry ? encodeLine(entry) : [])).join(''));
  appendFileSync(journal, `{"crc32":"${checksum}",${line.slice(1)}\n`);
  const [row] = await history().list();
  expect(row?.problem).toMatch(/^Its journal is damaged after entry 1 /);
});

test('entries that are sound one by one and make no sense together are a sentence in the row', async () => {
  keep(ids[0], exampleEvents);
  const summarise = (): never => {
    throw new TypeError('no such step');
  };
  expect(await history({ summarise }).list()).toMatchObject([
    {
      problem:
        'Its journal makes no sense to this version of Switchyard (incident i-00000000): TypeError: no such step.',
    },
  ]);
});

test.for([
  ['a directory that cannot be removed as a file', (path: string) => mkdirSync(path)],
  ['a link to a device', (path: string) => symlinkSync('/dev/zero', path)],
  ['too long', (path: string) => truncateSync(path, 300 * 2 ** 20)],
  ['of another layout', (path: string) => sqlite(path, 'CREATE TABLE summaries (id)')],
  ['a view that never ends', (path: string) => sqlite(path, endlessView)],
] as const)('an index that is %s changes no answer and delays nothing', async ([, spoil]) => {
  keep(ids[0], exampleEvents);
  const before = await history().list();
  if (!spoil.toString().includes('truncate')) rmSync(indexPath());
  spoil(indexPath());
  expect([await history().list(), await history().list()]).toEqual([before, before]);
});

test('an index that another process holds is done without', async () => {
  keep(ids[0], exampleEvents);
  const before = await history().list();
  const other = new DatabaseSync(indexPath());
  other.exec('BEGIN EXCLUSIVE');
  const meanwhile = await history().list();
  other.close();
  expect(meanwhile).toEqual(before);
});

test.each(['null', '{"id":7}', `{"id":"${ids[1]}","open":false,"summary":"of another"}`, '{"id":'])(
  'a remembered row that says %j is not believed',
  async (text) => {
    keep(ids[0], exampleEvents);
    const before = await history().list();
    const database = new DatabaseSync(indexPath());
    database.prepare('UPDATE summaries SET row = ?').run(text);
    database.close();
    expect(await history().list()).toEqual(before);
  },
);

test('a migrations folder that is none is a failure with its path', async () => {
  writeFileSync(migrationsDirectory(state), '');
  await expect(history().list()).rejects.toThrow(
    'The history could not be read: a part of the path is a file (ENOTDIR).',
  );
});

const endlessView = `CREATE VIEW summaries AS
  WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
  SELECT id, '1' AS made_by, '' AS fingerprint, 0 AS settled, '' AS row FROM n`;

function sqlite(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
