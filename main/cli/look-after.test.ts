import { expect, test } from 'vitest';
import { SwitchyardError, type Failure } from '#contract/errors.ts';
import { exampleEvents, exampleId, journalOf } from '#main/export/testing/example-migration.ts';
import { lookAfter, openPatiently } from './look-after.ts';
import { exampleRecord, fakeClock, fakeMigration, fakeSurroundings } from './testing/fakes.ts';

const record = async () => exampleRecord();
const entries = journalOf(...exampleEvents);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const hungUp: Failure = { kind: 'unreachable', host: 'control.sock', text: 'No answer.', remedy: 'Try again.' };
const locked: Failure = { kind: 'rejected', phase: 'planning', event: 'lock', text: 'Taken.', remedy: 'Wait.' };
const noPlan: Failure = { kind: 'rejected', phase: 'planning', event: 'attach', text: 'No plan.', remedy: 'None.' };

test('ends with the result on stdout, and the code that says where the guest is', async () => {
  const migration = fakeMigration();
  const context = fakeSurroundings({ application: { record } });
  const code = lookAfter(context, migration, { json: false });
  migration.end('done-on-destination');
  expect([await code, context.console.printed.at(-1)?.split('\n')[0]]).toEqual([
    0,
    'lab-guest has moved from lab-source to lab-destination.',
  ]);
});

test('with json the record is the one thing on stdout, and the story is on stderr', async () => {
  const migration = fakeMigration();
  const context = fakeSurroundings({ application: { record } });
  const code = lookAfter(context, migration, { json: true });
  migration.end('safe-on-source');
  expect([await code, context.console.printed.map((text) => JSON.parse(text)), context.console.logged.length]).toEqual([
    1,
    [exampleRecord()],
    migration.history.length,
  ]);
});

test('let go, its guest is nowhere final, and there is no result to show', async () => {
  const migration = fakeMigration({ history: [] });
  const context = fakeSurroundings({ application: { record } });
  const code = lookAfter(context, migration, { json: false });
  await settled();
  context.signals.send('SIGTERM');
  expect([await code, context.console.printed]).toEqual([4, [expect.stringMatching(/continues without this command/)]]);
});

test('takes over from a manager that has gone, and shows nothing twice', async () => {
  const followed = fakeMigration({ managedHere: false, history: entries.slice(0, 2) });
  const taken = fakeMigration({ history: entries.slice(0, 4) });
  const context = fakeSurroundings({ application: { record, open: async () => taken } });
  const code = lookAfter(context, followed, { json: true });
  followed.orphan();
  await settled();
  taken.end('done-on-destination');
  expect([await code, context.console.logged.map((line) => line.replace(/^\S+ /, ''))]).toEqual([
    0,
    [
      'ada asked to migrate lab-guest from lab-source to lab-destination: 2 paths, MPTCP where both ends speak it.',
      'Asked the destination to listen.',
      'Its manager has gone: this command manages it now.',
      'Destination is listening on port 49152 with MPTCP.',
      'Asked the source QEMU to migrate.',
    ],
  ]);
});

test('a manager that hangs up at once is followed again after a pause, one that lived is not', async () => {
  const [followed, again] = [fakeMigration({ managedHere: false }), fakeMigration({ managedHere: false })];
  const clock = fakeClock();
  const openings = [again, undefined];
  const context = { ...fakeSurroundings({ application: { record, open: async () => openings.shift() } }), clock };
  const code = lookAfter(context, followed, { json: true });
  followed.orphan();
  await settled();
  clock.epoch += 60_000;
  again.orphan();
  expect([await code, clock.slept, openings]).toEqual([0, [500], []]);
});

test('a manager that finished the job before it went leaves nothing to take over', async () => {
  const followed = fakeMigration({ managedHere: false });
  const context = fakeSurroundings({ application: { record, open: async () => undefined } });
  const code = lookAfter(context, followed, { json: true });
  followed.orphan();
  expect(await code).toBe(0);
});

test('a fault of ours never looks like a guest that is safe', async () => {
  const migration = fakeMigration();
  const context = fakeSurroundings({ application: { record } });
  const code = lookAfter(context, migration, { json: true });
  migration.fail(new TypeError('a fault'));
  expect([await code, context.console.printed.map((text) => JSON.parse(text)), context.console.logged.at(-1)]).toEqual([
    4,
    [{ error: expect.objectContaining({ kind: 'internal', text: expect.stringContaining('a fault') }) }],
    `No process manages the migration now, and its guest may stand still until you take it up: \`switchyard watch ${exampleId}\`.`,
  ]);
});

test.each([hungUp, locked])('a manager that comes or goes is waited for ($kind)', async (failure) => {
  const clock = fakeClock();
  const migration = fakeMigration();
  let attempts = 0;
  const open = async () => {
    attempts += 1;
    if (attempts < 3) throw new SwitchyardError(failure);
    return migration;
  };
  expect([await openPatiently(open, clock), clock.slept]).toEqual([migration, [100, 100]]);
});

test('but not for ever', async () => {
  const clock = fakeClock();
  const open = () => Promise.reject(new SwitchyardError(hungUp));
  await expect(openPatiently(open, clock)).rejects.toThrow('No answer.');
  expect(clock.slept).toHaveLength(19);
});

test('what does not pass is not tried again', async () => {
  const clock = fakeClock();
  const open = () => Promise.reject(new SwitchyardError(noPlan));
  await expect(openPatiently(open, clock)).rejects.toThrow('No plan.');
  expect(clock.slept).toEqual([]);
});
