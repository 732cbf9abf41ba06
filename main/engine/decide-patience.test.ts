import { describe, expect, test } from 'vitest';
import type { JournalEvent, StepName } from '#contract/migration.ts';
import { switchoverLimitMs, type Elapsed } from './decide.ts';
import { A, B, decided, type Situation } from './simulation/decided.ts';
import {
  answering,
  begun,
  did,
  failed,
  gone,
  now,
  plan,
  sees,
  silent,
  stateAfter,
  unreachable,
} from './simulation/states.ts';

/** Every clock of the table, a millisecond before it strikes and when it does. */

const committed: JournalEvent[] = [...begun, sees('source', A.completed), { kind: 'committed' }];
const cancelled: JournalEvent[] = [...begun, { kind: 'cancel-requested', reason: 'operator', by: 'ann' }];
const entered: JournalEvent[] = [...begun, { kind: 'post-copy-entered' }];
const copying = {
  source: answering('finish-migrate', 'postcopy-active'),
  destination: answering('running', 'postcopy-active'),
};

interface Clock {
  readonly name: string;
  readonly situation: Omit<Situation, 'elapsed'>;
  readonly before: string;
  readonly after: string;
}

const unchanged = (forMs: number): Elapsed => ({ ...now, unchangedMs: forMs });

function strikes(clocks: readonly Clock[], lastMs: number): void {
  test.each(clocks)(`$name: after ${lastMs} ms`, ({ situation, before, after }) => {
    expect([lastMs, lastMs + 1].map((forMs) => decided({ ...situation, elapsed: unchanged(forMs) }))).toEqual([
      before,
      after,
    ]);
  });
}

describe('a minute without news', () => {
  strikes(
    [
      {
        name: 'of a source with an unknown status, its destination gone',
        situation: { journal: begun, source: answering('running', 'colo'), destination: gone },
        before: 'wait for the source, whose status is colo',
        after: 'end unknown, guest unknown: unknown-status',
      },
      ...(['unasked', 'silent'] as const).map((kind) => ({
        name: `of a source that is ${kind} and that the guest is to be returned to`,
        situation: {
          journal: [...committed, { kind: 'go-back-requested', by: 'ann' } as const],
          source: { kind },
          destination: B.arrived,
        },
        before: 'wait for the source to answer',
        after: 'end unknown, guest unknown: source-unreachable',
      })),
      {
        name: 'of a source that has not answered before anything was sent',
        situation: { journal: did('start-destination'), destination: B.waiting },
        before: 'wait for the source to answer',
        after: 'note cancel-requested, reason silent-before-start, by watchdog',
      },
      {
        name: 'of a destination that has not answered before anything was sent',
        situation: { journal: did('start-destination'), source: A.running },
        before: 'wait for the destination to answer',
        after: 'note cancel-requested, reason silent-before-start, by watchdog',
      },
      {
        name: 'of a source that cannot be reached',
        situation: { journal: begun, source: unreachable, destination: B.waiting },
        before: 'wait for the source host',
        after: 'end unknown, guest unknown: source-unreachable',
      },
      {
        name: 'of a source that was not asked',
        situation: { journal: begun, source: { kind: 'unasked' }, destination: B.waiting },
        before: 'wait for the source host',
        after: 'end unknown, guest unknown: source-unreachable',
      },
      {
        name: 'of a silent source that may be in post-copy: it is not pulled free',
        situation: {
          journal: [...begun, ...failed('start-post-copy', 'timeout')],
          source: silent,
          destination: B.waiting,
        },
        before: 'wait for the source QEMU to answer',
        after: 'end unknown, guest unknown: source-unreachable',
      },
      {
        name: 'of a source that was pulled free',
        situation: {
          journal: [...cancelled, ...failed('cancel'), ...did('yank')],
          source: A.stopped,
          destination: gone,
        },
        before: 'wait for the source to come back',
        after: 'end unknown, guest unknown: cancel-hangs',
      },
      {
        name: 'of a source that was resumed',
        situation: {
          journal: [...begun, ...did('quit-destination', 'resume-source')],
          source: A.failedStopped,
          destination: gone,
        },
        before: 'wait for the source to run, which is postmigrate',
        after: 'end stopped-on-source, guest stopped: migration-failed',
      },
      {
        name: 'of a destination that does not complete',
        situation: { journal: begun, source: A.completed, destination: B.waiting },
        before: 'wait for the destination to complete',
        after: 'end unknown, guest unknown: destination-incomplete',
      },
      {
        name: 'of a destination that cannot be asked whether it has completed',
        situation: { journal: begun, source: A.completed, destination: unreachable },
        before: 'wait for the destination to complete',
        after: 'end unknown, guest unknown: destination-unreachable',
      },
      ...(['unasked', 'silent'] as const).map((kind) => ({
        name: `of a destination that is ${kind} in post-copy`,
        situation: { journal: entered, source: copying.source, destination: { kind } },
        before: 'wait for the destination to answer',
        after: 'end unknown, guest unknown: destination-unreachable',
      })),
      {
        name: 'of a source that does not complete the post-copy that has arrived',
        situation: { journal: entered, source: copying.source, destination: B.running },
        before: 'wait for the source to complete',
        after: 'end done-on-destination, guest destination: source-unverified',
      },
      ...(['unasked', 'silent'] as const).map((kind) => ({
        name: `of a destination that is ${kind} after the commit`,
        situation: { journal: committed, source: A.completed, destination: { kind } },
        before: 'wait for the destination to answer',
        after: 'end unknown, guest unknown: destination-unreachable',
      })),
      {
        name: 'of a destination that was resumed',
        situation: {
          journal: [...committed, ...did('resume-destination')],
          source: A.completed,
          destination: B.arrived,
        },
        before: 'wait for the destination to run',
        after: 'end paused-recoverable, guest stopped: destination-does-not-run',
      },
      {
        name: 'of a source that is to be quit and cannot be reached',
        situation: { journal: committed, source: unreachable, destination: B.running },
        before: 'wait for the source to be quit',
        after: 'end done-on-destination, guest destination: source-unverified',
      },
      {
        name: 'of a source that was quit',
        situation: { journal: [...committed, ...did('quit-source')], source: A.completed, destination: B.running },
        before: 'wait for the source to be gone',
        after: 'end done-on-destination, guest destination: source-unverified',
      },
      ...[silent, unreachable].map((destination) => ({
        name: `of a destination that is ${destination.kind}, its source gone`,
        situation: { journal: begun, source: gone, destination },
        before: 'wait for the destination',
        after: 'end unknown, guest unknown: destination-unreachable',
      })),
      {
        name: 'of a source that copies to a destination that runs already',
        situation: { journal: begun, source: A.stopped, destination: B.running },
        before: 'wait for the source, while the destination runs already',
        after: 'end unknown, guest destination: destination-resumed',
      },
      {
        name: 'of two sides that meet again',
        situation: {
          journal: [...entered, { kind: 'recovery-requested', by: 'ann' }],
          source: answering('finish-migrate', 'postcopy-recover'),
          destination: answering('running', 'postcopy-recover'),
        },
        before: 'wait for both sides to meet',
        after: 'wait for the rest of the memory',
      },
      {
        name: 'of a destination that was quit, its source running',
        situation: {
          journal: [...begun, ...did('quit-destination')],
          source: A.failedRunning,
          destination: unreachable,
        },
        before: 'wait for the destination to be gone',
        after: 'end safe-on-source, guest source: destination-not-removed',
      },
      {
        name: 'of a destination that was quit, its source stopped',
        situation: {
          journal: [...begun, ...did('quit-destination')],
          source: A.failedStopped,
          destination: unreachable,
        },
        before: 'wait for the destination to be gone',
        after: 'end unknown, guest unknown: destination-not-removed',
      },
    ],
    60_000,
  );
});

describe('three seconds to settle', () => {
  strikes(
    [
      {
        name: 'a source that failed, when the guest may have run elsewhere',
        situation: {
          journal: [...begun, sees('destination', B.running), ...did('quit-destination')],
          source: A.failedStopped,
          destination: gone,
        },
        before: 'wait for the source to run, which is postmigrate',
        after: 'end unknown, guest stopped: old-copy',
      },
      {
        name: 'a destination whose source died in post-copy',
        situation: { journal: entered, source: gone, destination: copying.destination },
        before: 'wait for the destination to settle',
        after: 'end lost, guest stopped: source-died-in-post-copy',
      },
      {
        name: 'a source that was last seen running, its destination gone in post-copy',
        situation: { journal: entered, source: A.running, destination: gone },
        before: 'wait for the source, whose destination is gone',
        after: 'act quit-destination',
      },
      {
        name: 'two sides of which one has been sent `migrate-pause`',
        situation: {
          journal: [...entered, ...did('pause-post-copy')],
          source: answering('finish-migrate', 'postcopy-paused'),
          destination: copying.destination,
        },
        before: 'wait for both sides to pause',
        after: 'end paused-recoverable, guest destination: post-copy-paused',
      },
      {
        name: 'a running source whose cancel was not answered and whose connection was broken',
        situation: {
          journal: [...cancelled, ...failed('cancel', 'timeout'), ...did('yank')],
          source: A.running,
          destination: B.waiting,
        },
        before: 'wait for the source to come back',
        after: 'act quit-destination',
      },
    ],
    3000,
  );
  strikes(
    [
      {
        name: 'a destination whose source is gone',
        situation: { journal: begun, source: gone, destination: B.waiting },
        before: 'wait for the destination to settle',
        after: 'act quit-destination',
      },
      {
        name: 'a source that was asked to begin and says nothing of it',
        situation: { journal: begun, source: answering('running', 'none'), destination: B.waiting },
        before: 'wait for the source to begin',
        after: 'act quit-destination',
      },
      {
        name: 'two sides that were asked to continue',
        situation: {
          journal: [...entered, { kind: 'recovery-requested', by: 'ann' }, ...did('listen-for-recovery', 'recover')],
          source: answering('finish-migrate', 'postcopy-paused'),
          destination: answering('running', 'postcopy-paused'),
        },
        before: 'wait for the source to continue',
        after: 'end paused-recoverable, guest destination: post-copy-paused',
      },
    ],
    2999,
  );

  test('a cancel that QEMU has taken: nothing changes and nothing moves', () => {
    const cancelling = {
      journal: [...cancelled, ...did('cancel')],
      source: answering('running', 'cancelling'),
      destination: B.waiting,
    };
    const after = (unchangedMs: number, withoutProgressMs: number): string =>
      decided({ ...cancelling, elapsed: { ...now, unchangedMs, withoutProgressMs } });
    expect([after(3000, 3001), after(3001, 3000), after(3001, 3001)]).toEqual([
      'wait for the source to cancel',
      'wait for the source to cancel',
      'act yank',
    ]);
  });
});

describe('nothing moves', () => {
  test('a switchover may rest for three downtime limits, and never for less than two seconds', () => {
    const limit = (downtimeLimitMs: number): number =>
      switchoverLimitMs(stateAfter([], { settings: { ...plan.settings, downtimeLimitMs } }));
    expect([300, 666, 667, 1000].map(limit)).toEqual([2000, 2000, 2001, 3000]);
  });

  test('a stopped source: both since it stopped and since a byte moved', () => {
    const stopped = { journal: begun, source: A.stopped, destination: B.waiting };
    const after = (withoutProgressMs: number, sourceStoppedMs: number): string =>
      decided({ ...stopped, elapsed: { ...now, withoutProgressMs, sourceStoppedMs } });
    expect([after(2000, 2001), after(2001, 2000), after(2001, 2001)]).toEqual([
      'wait for the copy',
      'wait for the copy',
      'note stalled, forMs 2001, guest stopped',
    ]);
  });

  test('a silent source', () => {
    const situation = { journal: begun, source: silent, destination: B.waiting };
    const after = (withoutProgressMs: number): string =>
      decided({ ...situation, elapsed: { ...now, withoutProgressMs } });
    expect([after(2000), after(2001)]).toEqual([
      'wait for the source QEMU to answer',
      'note stalled, forMs 2001, guest unknown',
    ]);
  });

  test('a running source: the limit is the operator’s', () => {
    const situation = {
      journal: begun,
      source: A.running,
      destination: B.waiting,
      plan: { settings: { ...plan.settings, stallLimitMs: 12_000 } },
    };
    const after = (withoutProgressMs: number): string =>
      decided({ ...situation, elapsed: { ...now, withoutProgressMs } });
    expect([after(12_000), after(12_000.6)]).toEqual(['wait for the copy', 'note stalled, forMs 12001, guest source']);
  });

  test('a post-copy: the limit is the operator’s', () => {
    const situation = { journal: entered, ...copying, plan: { settings: { ...plan.settings, stallLimitMs: 12_000 } } };
    const after = (withoutProgressMs: number): string =>
      decided({ ...situation, elapsed: { ...now, withoutProgressMs } });
    expect([after(12_000), after(12_000.6)]).toEqual([
      'wait for the rest of the memory',
      'note stalled, forMs 12001, guest destination',
    ]);
  });
});

describe('a step that may be repeated', () => {
  const tried = (step: StepName, times: number, kind?: 'timeout'): readonly JournalEvent[] =>
    Array.from({ length: times }, () => failed(step, kind)).flat();
  const after = (times: number, unchangedMs: number, kind?: 'timeout'): string =>
    decided({
      journal: [...committed, ...tried('resume-destination', times, kind)],
      source: A.completed,
      destination: B.arrived,
      elapsed: unchanged(unchangedMs),
    });

  test.each([
    [1, 250],
    [2, 1000],
    [3, 4000],
    [4, 16_000],
  ])('rests after try %i, which was not answered, for %i ms', (times, pauseMs) => {
    expect([after(times, pauseMs - 1, 'timeout'), after(times, pauseMs, 'timeout')]).toEqual([
      'wait for another try to resume-destination',
      'act resume-destination',
    ]);
  });

  test.each([
    [2, 1000],
    [4, 16_000],
  ])('on the source rests after try %i, which was refused, for %i ms', (times, pauseMs) => {
    const source = (unchangedMs: number): string =>
      decided({
        journal: [...begun, ...did('quit-destination'), ...tried('resume-source', times)],
        source: A.failedStopped,
        destination: gone,
        elapsed: unchanged(unchangedMs),
      });
    expect([source(pauseMs - 1), source(pauseMs)]).toEqual([
      'wait for another try to resume-source',
      'act resume-source',
    ]);
  });

  test.each([
    [1, 250],
    [2, 500],
    [3, 1000],
    [4, 2000],
  ])(
    'is soon tried again where the destination refuses to start the guest: after try %i in %i ms',
    (times, pauseMs) => {
      expect([after(times, pauseMs - 1), after(times, pauseMs)]).toEqual([
        'wait for another try to resume-destination',
        'act resume-destination',
      ]);
    },
  );

  test('is given up after the fifth, at once', () => {
    expect(after(5, 0)).toBe('end paused-recoverable, guest stopped: destination-refuses-to-run');
  });

  test('is waited for while its answer is outstanding', () => {
    expect(
      decided({
        journal: [...committed, { kind: 'intended', step: 'resume-destination' }],
        source: A.completed,
        destination: B.arrived,
        elapsed: unchanged(100_000),
      }),
    ).toBe('wait for the answer to resume-destination');
  });
});
