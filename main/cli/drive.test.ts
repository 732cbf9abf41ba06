import { expect, test } from 'vitest';
import { failed } from '#contract/result.ts';
import { exampleEvents, journalOf, sampleAt } from '#main/export/testing/example-migration.ts';
import { drive } from './drive.ts';
import { fakeClock, fakeMigration, fakeSignals, fakeView, type FakeMigration } from './testing/fakes.ts';

const entries = journalOf(...exampleEvents);

function driven(migration: FakeMigration = fakeMigration(), options: Partial<Parameters<typeof drive>[1]> = {}) {
  const view = fakeView();
  const signals = fakeSignals();
  return {
    migration,
    view,
    signals,
    leaving: drive(migration, { view, signals, clock: fakeClock(), user: 'ada', ...options }),
  };
}

/** Lets everything that was set off run as far as it can. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const cancelling = 'Cancelling; waiting until the guest is safe. Press Ctrl-C again to leave without waiting.';

test('shows what has happened, what happens, and how it ended', async () => {
  const { migration, view, leaving } = driven(fakeMigration({ history: entries.slice(0, 2) }));
  migration.tell(...entries.slice(2, 4));
  migration.sample(sampleAt(1, 1000));
  migration.end('done-on-destination');
  expect([await leaving, view.shown]).toEqual([
    { kind: 'ended', outcome: 'done-on-destination' },
    ['0 planned', '1 intended', '2 done', '3 intended', 'sample'],
  ]);
});

test('what was shown before is not shown again', async () => {
  const { migration, view, leaving } = driven(fakeMigration({ history: entries.slice(0, 4) }), { shownSequence: 2 });
  migration.end('done-on-destination');
  await leaving;
  expect(view.shown).toEqual(['3 intended']);
});

test('Ctrl-C cancels and waits for the end', async () => {
  const { migration, view, signals, leaving } = driven(fakeMigration({ history: [] }));
  signals.send('SIGINT');
  await settled();
  const afterCancel = [...migration.asked];
  migration.end('safe-on-source');
  expect([afterCancel, await leaving, view.shown]).toEqual([
    ['cancel by ada'],
    { kind: 'ended', outcome: 'safe-on-source' },
    [cancelling],
  ]);
});

test('a second Ctrl-C leaves it running and says how to find it again', async () => {
  const { migration, view, signals, leaving } = driven(fakeMigration({ history: [] }));
  signals.send('SIGINT');
  signals.send('SIGINT');
  expect([await leaving, migration.asked, view.shown.at(-1)]).toEqual([
    { kind: 'let-go' },
    ['cancel by ada', 'detach'],
    expect.stringMatching(
      /^The cancel is not finished, .*`switchyard watch 20261122T120250Z-7f3a` brings the guest into safety/,
    ),
  ]);
});

test('SIGTERM lets go at once, and touches nothing', async () => {
  const { migration, signals, leaving } = driven();
  signals.send('SIGTERM');
  signals.send('SIGTERM');
  expect([await leaving, migration.asked]).toEqual([{ kind: 'let-go' }, ['detach']]);
});

test('a terminal that hangs up does not leave the guest without its manager', async () => {
  const { migration, signals, leaving } = driven(fakeMigration({ history: [] }));
  signals.send('SIGHUP');
  migration.end('done-on-destination');
  expect([await leaving, migration.asked]).toEqual([{ kind: 'ended', outcome: 'done-on-destination' }, []]);
});

test('a terminal that hangs up ends a mere follower', async () => {
  const { migration, signals, leaving } = driven(fakeMigration({ managedHere: false, history: [] }));
  signals.send('SIGHUP');
  expect([await leaving, migration.asked]).toEqual([{ kind: 'let-go' }, ['detach']]);
});

test('Ctrl-C stops following what another process manages', async () => {
  const { migration, view, signals, leaving } = driven(fakeMigration({ managedHere: false, history: [] }));
  signals.send('SIGINT');
  expect([await leaving, migration.asked, view.shown]).toEqual([
    { kind: 'let-go' },
    ['detach'],
    ['The migration continues; follow it again with `switchyard watch 20261122T120250Z-7f3a`.'],
  ]);
});

test('Ctrl-Z does not suspend a command that manages a migration', async () => {
  const here = driven(fakeMigration({ history: [] }));
  const elsewhere = driven(fakeMigration({ managedHere: false }));
  expect([here.signals.send('SIGTSTP'), elsewhere.signals.send('SIGTSTP'), here.view.shown]).toEqual([
    true,
    false,
    [expect.stringMatching(/^Not suspended/)],
  ]);
});

test('a refused cancel is said, and Ctrl-C then leaves', async () => {
  const error = {
    kind: 'rejected',
    phase: 'ended',
    event: 'cancel',
    text: 'Not cancelled: token=hunter22.',
    remedy: 'Wait.',
  } as const;
  const migration = { ...fakeMigration({ history: [] }), ask: async () => failed(error) };
  const { view, signals, leaving } = driven(migration);
  signals.send('SIGINT');
  await settled();
  signals.send('SIGINT');
  expect([await leaving, view.shown]).toEqual([
    { kind: 'let-go' },
    [
      cancelling,
      'Not cancelled: token=[redacted] Wait.',
      expect.stringMatching(/^The migration continues without this command/),
    ],
  ]);
});

test('begins with a cancel that is seen', async () => {
  const { migration, view, leaving } = driven(fakeMigration({ history: [] }), { cancelFirst: true });
  await settled();
  migration.end('safe-on-source');
  await leaving;
  expect([migration.asked, view.shown]).toEqual([['cancel by ada'], [cancelling]]);
});

test('a manager elsewhere that hangs up leaves an orphan, and how far it was shown', async () => {
  const { migration, leaving } = driven(fakeMigration({ managedHere: false, history: entries.slice(0, 3) }));
  migration.orphan();
  expect(await leaving).toEqual({ kind: 'orphaned', shownSequence: 2 });
});

test('who lets go is not kept waiting for a QEMU that does not answer', async () => {
  const migration = { ...fakeMigration({ history: [] }), detach: () => undefined };
  const { signals, leaving } = driven(migration);
  signals.send('SIGTERM');
  expect(await leaving).toEqual({ kind: 'let-go' });
});

test('a journal that cannot be written is said, and changes nothing', async () => {
  const migration = fakeMigration({ history: [] });
  const failure = { kind: 'internal', incidentId: 'i', text: 'The disk is full.', remedy: 'Make room.' } as const;
  const { view, leaving } = driven({
    ...migration,
    subscribe: (watcher) => {
      watcher.onJournalLost?.(failure);
      return migration.subscribe(watcher);
    },
  });
  migration.end('done-on-destination');
  expect([await leaving, view.shown]).toEqual([
    { kind: 'ended', outcome: 'done-on-destination' },
    ['The disk is full. The migration continues; what follows is not on disk. Make room.'],
  ]);
});

test('signals are its own only while it drives, also after a fault', async () => {
  const { migration, signals, leaving } = driven();
  const during = signals.awaited();
  migration.fail(new Error('a fault'));
  await expect(leaving).rejects.toThrow('a fault');
  expect([during, signals.awaited()]).toEqual([['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGTSTP'], []]);
});
