import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JournalEvent } from '#contract/migration.ts';
import { exampleEvents, exampleId, examplePlan, exampleSamples } from '#main/export/testing/example-migration.ts';
import { createJournal, openJournal } from './journal.ts';
import { encodeLine } from './line.ts';
import { migrationPaths } from './paths.ts';
import { readMigration } from './stored-migration.ts';
import { hostileFiles, replace } from './testing/hostile-files.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-journal-'));
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

const clock = { monoMs: () => 100, epochMs: () => 1_795_000_000_000 };
const committed: JournalEvent = { kind: 'committed' };
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('what was appended is read back, in order, with the samples', async () => {
  const journal = await createJournal(state, exampleId, clock);
  const appended = await Promise.all(exampleEvents.map((event) => journal.append(event)));
  for (const sample of exampleSamples) journal.sample(sample);
  await journal.close();
  expect(await readMigration(state, exampleId)).toEqual({
    id: exampleId,
    entries: exampleEvents.map((event, sequence) => ({ sequence, atMonoMs: 100, atEpochMs: 1_795_000_000_000, event })),
    foreign: [],
    damage: undefined,
    samples: exampleSamples,
  });
  expect(appended.map(({ sequence }) => sequence)).toEqual(exampleEvents.map((_event, index) => index));
});

test('an append is in the file when it resolves', async () => {
  const journal = await createJournal(state, exampleId, clock);
  await journal.append(committed);
  expect(readFileSync(migrationPaths(state, exampleId).journal, 'utf8')).toContain('"committed"');
  await journal.close();
});

test('only the owner may look: folders 0700, files 0600', async () => {
  const paths = migrationPaths(state, exampleId);
  const journal = await createJournal(state, exampleId, clock);
  for (const sample of exampleSamples) journal.sample(sample);
  await journal.close();
  expect([paths.directory, paths.journal, paths.samples].map(modeOf)).toEqual(['700', '600', '600']);
});

test('an id is never used twice', async () => {
  const journal = await createJournal(state, exampleId, clock);
  await journal.close();
  await expect(createJournal(state, exampleId, clock)).rejects.toMatchObject({
    failure: { kind: 'rejected', text: `There is a migration ${exampleId} already.` },
  });
});

test('a place that is not ours is refused before anything has begun', async () => {
  chmodSync(state, 0o777);
  await expect(createJournal(state, exampleId, clock)).rejects.toMatchObject({
    failure: { kind: 'invalid-request', text: `Switchyard does not use ${state}: others may write there.` },
  });
});

test('where no journal can be made, the failure says what is in the way', async () => {
  writeFileSync(join(state, 'migrations'), 'a file');
  await expect(createJournal(state, exampleId, clock)).rejects.toMatchObject({
    failure: { kind: 'invalid-request', path: join(state, 'migrations') },
  });
});

test('where the journal itself cannot be made, the failure says why', async () => {
  await expect(createJournal(state, 'x'.repeat(300), clock)).rejects.toMatchObject({
    failure: { kind: 'native', syscall: 'mkdir', code: 'ENAMETOOLONG' },
  });
});

test('a successor continues after the last entry', async () => {
  const first = await createJournal(state, exampleId, clock);
  await first.append(committed);
  await first.close();
  const { journal, reading, cut } = await openJournal(state, exampleId, clock);
  await journal.append({ kind: 'attached', user: 'ada', pid: 7 });
  await journal.close();
  expect({ before: reading.entries.map(({ event }) => event.kind), cut }).toEqual({
    before: ['committed'],
    cut: undefined,
  });
  const { entries } = await readMigration(state, exampleId);
  expect(entries.map(({ sequence, event }) => [sequence, event.kind])).toEqual([
    [0, 'committed'],
    [1, 'attached'],
  ]);
});

test('a torn tail is cut off, kept beside, and does not stand in the way of the next entry', async () => {
  const { journal: path } = migrationPaths(state, exampleId);
  const first = await createJournal(state, exampleId, clock);
  await first.append(committed);
  await first.close();
  const cleanBytes = statSync(path).size;
  appendFileSync(path, '{"crc32":"0123');
  const { journal, cut } = await openJournal(state, exampleId, clock);
  await journal.append(committed);
  await journal.close();
  const keptAt = `${path}.torn-at-${cleanBytes}`;
  expect(cut).toEqual({ kind: 'torn', atByte: cleanBytes, byteCount: 14, keptAt });
  expect(readFileSync(keptAt, 'utf8')).toBe('{"crc32":"0123');
  expect(await readMigration(state, exampleId)).toMatchObject({ entries: { length: 2 }, damage: undefined });
});

test('a journal that was damaged is refused and left as it is: what was done since is not known', async () => {
  const { journal: path } = migrationPaths(state, exampleId);
  const first = await createJournal(state, exampleId, clock);
  for (const event of exampleEvents) await first.append(event);
  await first.close();
  writeFileSync(path, readFileSync(path, 'utf8').replace('Multipath TCP', 'Multipath UDP'));
  const before = readFileSync(path);
  await expect(openJournal(state, exampleId, clock)).rejects.toMatchObject({
    failure: {
      kind: 'rejected',
      text: `The journal of ${exampleId} is damaged after entry 7: what was done then is not known, so nothing is touched.`,
    },
  });
  expect(readFileSync(path)).toEqual(before);
});

test('a journal that another version wrote can be read, and not gone on with', async () => {
  const paths = migrationPaths(state, exampleId);
  mkdirSync(paths.directory, { recursive: true });
  const newer = { sequence: 0, atMonoMs: 1, atEpochMs: 1, event: { kind: 'path-weighed' } };
  writeFileSync(paths.journal, encodeLine(JSON.parse(JSON.stringify(newer))));
  await expect(openJournal(state, exampleId, clock)).rejects.toThrow('was written by another version of Switchyard');
  expect(await readMigration(state, exampleId)).toMatchObject({ foreign: [{ raw: { kind: 'path-weighed' } }] });
});

test('taking a journal up leaves nothing of a torn tail in it', async () => {
  const { journal: path } = migrationPaths(state, exampleId);
  const first = await createJournal(state, exampleId, clock);
  await first.append(committed);
  await first.close();
  const clean = readFileSync(path);
  appendFileSync(path, '{"crc32":"0123');
  const { journal } = await openJournal(state, exampleId, clock);
  await journal.close();
  expect(readFileSync(path)).toEqual(clean);
});

test('a journal that is closed takes no more, and says so', async () => {
  const journal = await createJournal(state, exampleId, clock);
  await journal.append(committed);
  await journal.close();
  await expect(journal.append(committed)).rejects.toMatchObject({ failure: { kind: 'native' } });
  expect(await readMigration(state, exampleId)).toMatchObject({ entries: { length: 1 }, damage: undefined });
});

test('an entry that cannot be kept does not stand in the way of the next', async () => {
  const journal = await createJournal(state, exampleId, clock);
  await journal.close();
  const both = await Promise.allSettled([journal.append(committed), journal.append(committed)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('samples that could not be kept are counted', async () => {
  const journal = await createJournal(state, exampleId, clock);
  mkdirSync(migrationPaths(state, exampleId).samples);
  for (const sample of exampleSamples) journal.sample(sample);
  await journal.close();
  expect(journal.lostSampleCount).toBe(exampleSamples.length);
});

test('a migration that is not there cannot be opened', async () => {
  await expect(openJournal(state, exampleId, clock)).rejects.toMatchObject({
    failure: { kind: 'native', code: 'ENOENT' },
  });
});

test("secrets of the guest's command line reach the disk neither in the plan nor where QEMU quotes them", async () => {
  const argv = ['qemu-system-x86_64', '-object', 'secret,id=s0,data=canary-4711'];
  const { guest, ...rest } = examplePlan({
    checks: [{ id: 'a', severity: 'error', passed: false, text: 'canary-4711 is refused' }],
  });
  const journal = await createJournal(state, exampleId, clock);
  // What quotes the secret stands before the command line here.
  await journal.append({ kind: 'planned', plan: { ...rest, guest: { ...guest, argv } } });
  await journal.append({ kind: 'output-kept', side: 'destination', raw: 'qemu: cannot use canary-4711 here' });
  await journal.close();
  const { entries } = await readMigration(state, exampleId);
  const told = entries.map(({ event }) =>
    event.kind === 'planned' ? [event.plan.guest.argv[2], event.plan.checks[0]?.text] : event,
  );
  expect(told).toEqual([
    ['secret,id=s0,data=[redacted]', '[redacted] is refused'],
    { kind: 'output-kept', side: 'destination', raw: 'qemu: cannot use [redacted] here' },
  ]);
});

test.for(hostileFiles)('%s in the place of a journal is not taken up', async ([what, spoil]) => {
  await (await createJournal(state, exampleId, clock)).close();
  const path = migrationPaths(state, exampleId).journal;
  await replace(path, spoil);
  await expect(openJournal(state, exampleId, clock)).rejects.toMatchObject({
    failure: {
      kind: 'rejected',
      text: `The journal of migration ${exampleId} could not be read: it is ${what}, not a file (${path}).`,
    },
  });
});

test('a torn tail is not kept through a link that lies where it goes', async () => {
  await (await createJournal(state, exampleId, clock)).close();
  const path = migrationPaths(state, exampleId).journal;
  const victim = join(state, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, `${path}.torn-at-0`);
  appendFileSync(path, '{"crc32":"');
  await expect(openJournal(state, exampleId, clock)).rejects.toMatchObject({ failure: { code: 'ELOOP' } });
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
});
