import { describe, expect, test } from 'vitest';
import type { JournalEvent, Plan } from '#contract/migration.ts';
import type { Elapsed } from './decide.ts';
import { A, B, decided, type Situation } from './simulation/decided.ts';
import {
  answering,
  attached,
  begun,
  did,
  entered,
  failed,
  foreign,
  gone,
  now,
  prepared,
  sees,
  silent,
  stateAfter,
  tooLong,
  twoPaths,
  unproven,
  unreachable,
} from './simulation/states.ts';

const found = [...begun, attached];
const foundUnproven = [...unproven, attached];
const byStatus: JournalEvent = { kind: 'peer-proven', by: 'status', connections: 0 };
const atGate = answering('finish-migrate', 'pre-switchover');
const committed: JournalEvent[] = [
  ...begun,
  sees('source', answering('postmigrate', 'completed')),
  { kind: 'committed' },
];
const paused = { guestWasRunning: false };
const stoppedTooLong: Elapsed = { withoutProgressMs: 2500, sourceStoppedMs: 2500, unchangedMs: 2500 };
const connectedByMptcp: JournalEvent = {
  kind: 'negotiated',
  protocol: 'mptcp',
  when: 'connected',
  connections: [],
  text: 'so the kernel says',
};
const settled: Elapsed = { ...now, unchangedMs: 5000 };

describe('re-attach, row by row: source | destination | decision', () => {
  const rows: readonly (Situation & { readonly row: string; readonly decision: string })[] = [
    {
      row: 'setup, running | inmigrate | monitor',
      journal: found,
      source: answering('running', 'setup'),
      destination: answering('inmigrate', 'none'),
      decision: 'wait for the copy',
    },
    {
      row: 'active, running | inmigrate | monitor',
      journal: found,
      source: A.running,
      destination: B.waiting,
      decision: 'wait for the copy',
    },
    {
      row: 'pre-switchover, its peer proven | inmigrate | goes on',
      journal: found,
      source: atGate,
      destination: B.waiting,
      elapsed: stoppedTooLong,
      decision: 'act switch-over',
    },
    {
      row: 'pre-switchover, its peer not proven yet | inmigrate | stopped: waits for the proof',
      journal: foundUnproven,
      source: atGate,
      destination: B.waiting,
      decision: 'wait for the proof that the destination receives',
    },
    {
      row: 'pre-switchover, its peer not proven for too long | inmigrate | goes back',
      journal: foundUnproven,
      source: atGate,
      destination: B.waiting,
      elapsed: stoppedTooLong,
      decision: 'note cancel-requested, reason peer-not-proven, by switchyard',
    },
    {
      row: 'pre-switchover, its peer another QEMU | inmigrate | goes back at once',
      journal: [...foundUnproven, foreign],
      source: atGate,
      destination: B.waiting,
      decision: 'note cancel-requested, reason peer-not-proven, by switchyard',
    },
    {
      row: 'active, running, its peer another QEMU | inmigrate | goes back at once',
      journal: [...foundUnproven, foreign],
      source: A.running,
      destination: B.waiting,
      decision: 'note cancel-requested, reason peer-not-proven, by switchyard',
    },
    {
      row: 'completed, its peer never proven | waits for ever | UNKNOWN: another QEMU may have the guest',
      journal: foundUnproven,
      source: A.completed,
      destination: B.waiting,
      elapsed: tooLong,
      decision: 'end unknown, guest unknown: never-received',
    },
    {
      row: 'completed, its peer never proven | proven gone | UNKNOWN at once, and nothing is resumed',
      journal: foundUnproven,
      source: A.completed,
      destination: gone,
      decision: 'end unknown, guest unknown: never-received',
    },
    {
      row: 'completed, its peer only by the word of its QEMU | proven gone | UNKNOWN',
      journal: [...foundUnproven, byStatus],
      source: A.completed,
      destination: gone,
      decision: 'end unknown, guest unknown: never-received',
    },
    {
      row: 'active, stopped for longer than T | any | switchover stall',
      journal: found,
      source: A.stopped,
      destination: B.waiting,
      elapsed: stoppedTooLong,
      decision: 'note stalled, forMs 2500, guest stopped',
    },
    {
      row: 'device, stopped for longer than T | unreachable | switchover stall',
      journal: found,
      source: answering('finish-migrate', 'device'),
      destination: unreachable,
      elapsed: stoppedTooLong,
      decision: 'note stalled, forMs 2500, guest stopped',
    },
    {
      row: 'completed | running, completed | DONE: committed, then the source is quit',
      journal: found,
      source: A.completed,
      destination: B.running,
      decision: 'note committed',
    },
    {
      row: 'completed, committed | running, completed | DONE: the source is quit',
      journal: [...committed, attached],
      source: A.completed,
      destination: B.running,
      decision: 'act quit-source',
    },
    {
      row: 'completed | paused, completed | committed before anything follows',
      journal: found,
      source: A.completed,
      destination: B.arrived,
      decision: 'note committed',
    },
    {
      row: 'completed, committed | paused, completed | cont on the destination',
      journal: [...committed, attached],
      source: A.completed,
      destination: B.arrived,
      decision: 'act resume-destination',
    },
    {
      row: 'completed, committed | paused, completed | a guest that was paused stays so',
      journal: [...committed, attached],
      source: A.completed,
      destination: B.arrived,
      plan: paused,
      decision: 'act quit-source',
    },
    {
      row: 'completed | unreachable | wait',
      journal: found,
      source: A.completed,
      destination: unreachable,
      decision: 'wait for the destination to complete',
    },
    {
      row: 'completed | unreachable for too long | UNKNOWN',
      journal: found,
      source: A.completed,
      destination: unreachable,
      elapsed: tooLong,
      decision: 'end unknown, guest unknown: destination-unreachable',
    },
    {
      row: 'completed | proven gone | its words are kept first',
      journal: found,
      source: A.completed,
      destination: gone,
      decision: 'act quit-destination',
    },
    {
      row: 'completed | proven gone | STOPPED on the source, intact',
      journal: [...found, ...did('quit-destination')],
      source: A.completed,
      destination: gone,
      decision: 'end stopped-on-source, guest stopped: destination-died',
    },
    {
      row: 'failed, running | inmigrate | the destination is quit',
      journal: found,
      source: A.failedRunning,
      destination: B.waiting,
      decision: 'act quit-destination',
    },
    {
      row: 'cancelled, running | complete but paused | the destination is quit',
      journal: found,
      source: answering('running', 'cancelled'),
      destination: B.arrived,
      decision: 'act quit-destination',
    },
    {
      row: 'failed, running | proven gone | SAFE',
      journal: [...found, ...did('quit-destination')],
      source: A.failedRunning,
      destination: gone,
      decision: 'end safe-on-source, guest source: migration-failed',
    },
    {
      row: 'failed, stopped | proven gone | cont on the source',
      journal: [...found, ...did('quit-destination')],
      source: A.failedStopped,
      destination: gone,
      decision: 'act resume-source',
    },
    {
      row: 'failed, stopped | unreachable | nothing is resumed',
      journal: [...found, ...did('quit-destination')],
      source: A.failedStopped,
      destination: unreachable,
      decision: 'wait for the destination to be gone',
    },
    {
      row: 'failed, stopped | unreachable for too long | UNKNOWN',
      journal: [...found, ...did('quit-destination')],
      source: A.failedStopped,
      destination: unreachable,
      elapsed: tooLong,
      decision: 'end unknown, guest unknown: destination-not-removed',
    },
    {
      row: 'postcopy-active | postcopy-active, running | noted: only the destination may run from now on',
      journal: found,
      source: answering('finish-migrate', 'postcopy-active'),
      destination: answering('running', 'postcopy-active'),
      decision: 'note post-copy-entered',
    },
    {
      row: 'postcopy-active | postcopy-active, running | monitor only',
      journal: [...found, { kind: 'post-copy-entered' }],
      source: answering('finish-migrate', 'postcopy-active'),
      destination: answering('running', 'postcopy-active'),
      decision: 'wait for the rest of the memory',
    },
    {
      row: 'postcopy-paused | postcopy-paused | PAUSED-RECOVERABLE: recovery is offered',
      journal: [...found, { kind: 'post-copy-entered' }],
      source: answering('finish-migrate', 'postcopy-paused'),
      destination: answering('running', 'postcopy-paused'),
      decision: 'end paused-recoverable, guest destination: post-copy-paused',
    },
    {
      row: 'gone | running, completed | DONE',
      journal: found,
      source: gone,
      destination: B.running,
      decision: 'end done-on-destination, guest destination',
    },
    {
      row: 'gone | inmigrate | it is given the time to settle',
      journal: found,
      source: gone,
      destination: B.waiting,
      decision: 'wait for the destination to settle',
    },
    {
      row: 'gone | inmigrate | LOST: the destination is quit',
      journal: found,
      source: gone,
      destination: B.waiting,
      elapsed: settled,
      decision: 'act quit-destination',
    },
    {
      row: 'gone | proven gone | LOST',
      journal: [...found, ...did('quit-destination')],
      source: gone,
      destination: gone,
      decision: 'end lost, guest nowhere: source-died',
    },
    {
      row: 'gone | postcopy-paused | LOST',
      journal: [...found, { kind: 'post-copy-entered' }],
      source: gone,
      destination: answering('running', 'postcopy-paused'),
      decision: 'end lost, guest stopped: source-died-in-post-copy',
    },
    {
      row: 'gone without reporting | paused, completed | the only copy is kept for the operator to judge',
      journal: found,
      source: gone,
      destination: B.arrived,
      decision: 'end paused-recoverable, guest stopped: source-died-before-commit',
    },
    {
      row: 'gone after it had reported completed | paused, completed | committed',
      journal: [...begun, sees('source', A.completed), attached],
      source: gone,
      destination: B.arrived,
      decision: 'note committed',
    },
    {
      row: 'unreachable | running, completed | waits for the source',
      journal: found,
      source: unreachable,
      destination: B.running,
      decision: 'wait for the source, while the destination runs already',
    },
    {
      row: 'unreachable for too long | running, completed | DONE, the source unverified',
      journal: found,
      source: unreachable,
      destination: B.running,
      elapsed: tooLong,
      decision: 'end done-on-destination, guest destination: source-unverified',
    },
    {
      row: 'running | running | SPLIT BRAIN, hands off',
      journal: found,
      source: answering('running', 'completed'),
      destination: B.running,
      decision: 'end unknown, guest unknown: split-brain',
    },
    {
      row: 'running, committed | running | SPLIT BRAIN, hands off',
      journal: [...committed, attached],
      source: answering('running', 'completed'),
      destination: B.running,
      decision: 'end unknown, guest unknown: split-brain',
    },
    {
      row: 'unreachable | inmigrate | wait',
      journal: found,
      source: unreachable,
      destination: B.waiting,
      decision: 'wait for the source host',
    },
    {
      row: 'unreachable for too long | inmigrate | UNKNOWN',
      journal: found,
      source: unreachable,
      destination: B.waiting,
      elapsed: tooLong,
      decision: 'end unknown, guest unknown: source-unreachable',
    },
    {
      row: 'unreachable for too long | unreachable | UNKNOWN',
      journal: found,
      source: unreachable,
      destination: unreachable,
      elapsed: tooLong,
      decision: 'end unknown, guest unknown: source-unreachable',
    },
  ];

  test.each(rows)('$row', ({ decision, ...situation }) => {
    expect(decided(situation)).toBe(decision);
  });
});

describe('a healthy run', () => {
  const rows: readonly (readonly [string, Situation])[] = [
    ['act start-destination', { journal: [], source: answering('running', 'none'), destination: { kind: 'unasked' } }],
    [
      'act migrate',
      { journal: prepared, source: answering('running', 'none'), destination: answering('inmigrate', 'none') },
    ],
    ['wait for the copy', { journal: begun, source: A.running, destination: B.waiting }],
    ['wait for the destination to complete', { journal: begun, source: A.completed, destination: B.waiting }],
    ['note committed', { journal: begun, source: A.completed, destination: B.arrived }],
    ['act resume-destination', { journal: committed, source: A.completed, destination: B.arrived }],
    [
      'wait for the destination to run',
      { journal: [...committed, ...did('resume-destination')], source: A.completed, destination: B.arrived },
    ],
    [
      'act quit-source',
      { journal: [...committed, ...did('resume-destination')], source: A.completed, destination: B.running },
    ],
    [
      'end done-on-destination, guest destination',
      { journal: [...committed, ...did('resume-destination', 'quit-source')], source: gone, destination: B.running },
    ],
  ];

  test.each(rows)('%s', (decision, situation) => {
    expect(decided(situation)).toBe(decision);
  });
});

describe('paths that are prepared', () => {
  const plan = {
    preparation: {
      source: [
        {
          kind: 'set-limits' as const,
          limits: { subflows: 1, addAddrAccepted: 1 },
          before: { subflows: 0, addAddrAccepted: 0 },
        },
      ],
      destination: [],
    },
  };
  const agreed = did('start-destination', 'compare-twin', 'negotiate-capabilities', 'check-disks');
  const both = { source: answering('running', 'none'), destination: answering('inmigrate', 'none'), plan };
  const back = { source: A.failedRunning, destination: gone, plan };

  test('are prepared before the destination listens', () => {
    expect(decided({ journal: agreed, ...both })).toBe('act prepare-paths');
    expect(decided({ journal: [...agreed, ...did('prepare-paths')], ...both })).toBe('act listen');
  });

  test('are put back before the last word', () => {
    const journal = [...did('prepare-paths'), ...begun, ...did('quit-destination')];
    expect(decided({ journal, ...back })).toBe('act restore-paths');
    expect(decided({ journal: [...journal, ...did('restore-paths')], ...back })).toBe(
      'end safe-on-source, guest source: migration-failed',
    );
  });

  test('do not keep the end from being reported when they cannot be put back', () => {
    const journal = [...did('prepare-paths'), ...begun, ...did('quit-destination'), ...failed('restore-paths')];
    expect(decided({ journal, ...back })).toBe('wait for another try to restore-paths');
    const again = Array.from({ length: 4 }, () => failed('restore-paths')).flat();
    expect(decided({ journal: [...journal, ...again], ...back })).toBe(
      'end safe-on-source, guest source: migration-failed',
    );
  });

  test('are put back also when preparing them was interrupted', () => {
    const journal = [...agreed, ...failed('prepare-paths', 'timeout'), ...did('quit-destination')];
    expect(decided({ journal, ...both, destination: gone })).toBe('act restore-paths');
  });

  test('stay as they are while nothing is final', () => {
    const journal = [...did('prepare-paths'), ...begun];
    expect(decided({ journal, source: unreachable, destination: unreachable, elapsed: tooLong, plan })).toBe(
      'end unknown, guest unknown: source-unreachable',
    );
  });
});

describe('before anything has been sent', () => {
  const both = { source: answering('running', 'none'), destination: answering('inmigrate', 'none') };

  test('a manager that comes back does not continue by itself', () => {
    expect(decided({ journal: [...prepared, attached], ...both })).toBe(
      'note cancel-requested, reason attached-before-start, by switchyard',
    );
  });

  test('a step that failed takes the destination away', () => {
    const journal = [
      ...did('start-destination', 'compare-twin', 'negotiate-capabilities', 'check-disks'),
      ...failed('listen'),
    ];
    expect(decided({ journal, ...both })).toBe('act quit-destination');
  });

  test('a destination that may have been started is looked for', () => {
    const journal = failed('start-destination', 'timeout');
    expect(decided({ journal, ...both, destination: { kind: 'unasked' } })).toBe('act quit-destination');
  });

  test('a destination that was refused is not looked for', () => {
    const journal = failed('start-destination');
    expect(decided({ journal, ...both, destination: { kind: 'unasked' } })).toBe(
      'end safe-on-source, guest source: step-failed',
    );
  });

  test('a source that is gone is a lost guest', () => {
    expect(decided({ journal: [...prepared, ...did('quit-destination')], source: gone, destination: gone })).toBe(
      'end lost, guest nowhere: source-died',
    );
  });

  test('a migrate that QEMU refused was never sent: another migration that is under way is not touched', () => {
    const journal = [...prepared, ...failed('migrate')];
    expect(decided({ journal, source: A.running, destination: both.destination, elapsed: tooLong })).toBe(
      'act quit-destination',
    );
  });
});

describe('an answer that was lost', () => {
  test('of migrate: the source is looked at before anything else', () => {
    const journal = [...prepared, sees('source', answering('running', 'none')), ...failed('migrate', 'timeout')];
    expect(decided({ journal, elapsed: tooLong })).toBe('wait for the source to answer');
  });

  test('of migrate, which took effect after all: continues', () => {
    const journal = [...prepared, ...failed('migrate', 'timeout')];
    expect(decided({ journal, source: A.running, destination: B.waiting })).toBe('wait for the copy');
  });

  test('of migrate, which did not take effect: the destination is removed', () => {
    const journal = [...prepared, ...failed('migrate', 'timeout')];
    expect(decided({ journal, source: answering('running', 'none'), destination: B.waiting })).toBe(
      'act quit-destination',
    );
  });

  test('of migrate, to a manager that has died: nothing was begun', () => {
    const journal: JournalEvent[] = [...prepared, { kind: 'intended', step: 'migrate' }, attached];
    expect(
      decided({ journal, source: answering('running', 'none'), destination: answering('inmigrate', 'none') }),
    ).toBe('note cancel-requested, reason attached-before-start, by switchyard');
  });

  test('of cont on the destination: it is looked at, then asked again', () => {
    const seen = [...committed, sees('source', A.completed), sees('destination', B.arrived)];
    const journal = [...seen, ...failed('resume-destination', 'timeout')];
    expect(decided({ journal, elapsed: settled })).toBe('wait for the destination to answer');
    const again = { journal, source: A.completed, destination: B.arrived };
    expect(decided(again)).toBe('wait for another try to resume-destination');
    expect(decided({ ...again, elapsed: settled })).toBe('act resume-destination');
  });

  test('of a step that fails again and again: it ends, and the operator is shown why', () => {
    const journal = [...committed, ...Array.from({ length: 5 }, () => failed('resume-destination')).flat()];
    expect(decided({ journal, source: A.completed, destination: B.arrived, elapsed: tooLong })).toBe(
      'end paused-recoverable, guest stopped: destination-refuses-to-run',
    );
  });

  test('another manager tries afresh', () => {
    const journal = [...committed, ...Array.from({ length: 5 }, () => failed('resume-destination')).flat(), attached];
    expect(decided({ journal, source: A.completed, destination: B.arrived })).toBe('act resume-destination');
  });
});

describe('a source that cannot connect', () => {
  const paths = [...twoPaths];
  const refused = answering('running', 'failed', 'Connection refused');
  const untouched = answering('inmigrate', 'none');
  const tried = [
    ...did('start-destination', 'compare-twin', 'negotiate-capabilities', 'try-paths', 'check-disks', 'listen'),
  ];
  const sent = [...tried, ...did('migrate')];
  const failedOver = (...links: readonly (0 | 1)[]): JournalEvent[] =>
    links.flatMap((link) => [
      sees('source', refused),
      { kind: 'path-failed', path: twoPaths[link], seen: 'connection', why: 'Connection refused' },
      sees('source', refused),
    ]);

  test('has the next path noted, then is asked to migrate again, over that one', () => {
    const again = { journal: [...sent, ...failedOver(0)], destination: untouched, plan: { paths } };
    expect([
      decided({ journal: sent, source: refused, destination: untouched, plan: { paths } }),
      decided(again),
      stateAfter(again.journal, { paths }).plan.paths,
    ]).toEqual([
      'note path-failed, path [object Object], seen connection, why Connection refused',
      'act migrate',
      paths.toReversed(),
    ]);
  });

  test('goes back once every path has failed', () => {
    const journal = [...sent, ...failedOver(0), ...did('migrate')];
    expect(decided({ journal, source: refused, destination: untouched, plan: { paths } })).toBe('act quit-destination');
  });

  test.each<[string, Partial<Situation>]>([
    ['the destination has had a connection', { destination: B.waiting }],
    ['the destination does not wait', { destination: answering('paused', 'none') }],
    ['the destination does not answer', { destination: silent }],
    ['there is no other path', { plan: { paths: [twoPaths[0]] } }],
    [
      'the other path is of another family',
      { plan: { paths: [twoPaths[0], { ...twoPaths[1], destinationAddress: '2001:db8::2' }] } },
    ],
    ['a cancel was asked for', { journal: [...sent, { kind: 'cancel-requested', reason: 'operator', by: 'ann' }] }],
    ['there was a connection', { journal: [...sent, connectedByMptcp] }],
    ['its first answer was lost and it never began', { journal: [...tried, ...failed('migrate', 'timeout')] }],
  ])('goes back where %s', (_why, situation) => {
    const usual = { journal: sent, source: refused, destination: untouched, plan: { paths } };
    expect(decided({ ...usual, ...situation })).toBe('act quit-destination');
  });

  test('and whose guest stands still goes back', () => {
    const source = answering('postmigrate', 'failed');
    expect(decided({ journal: sent, source, destination: untouched, plan: { paths } })).toBe('act quit-destination');
  });

  test('is not sent over another path by a manager that took it up', () => {
    const journal = [...sent, attached];
    expect(decided({ journal, source: refused, destination: untouched, plan: { paths } })).toBe('act quit-destination');
  });

  test('and hangs in the attempt is freed after four seconds, where another path is left', () => {
    const hanging = { journal: sent, source: answering('running', 'setup'), destination: untouched };
    const after = (withoutProgressMs: number, more: Partial<Situation> = {}): string =>
      decided({ ...hanging, plan: { paths }, ...more, elapsed: { ...now, withoutProgressMs } });
    expect([
      after(4000),
      after(4001),
      after(4001, { plan: { paths: [twoPaths[0]] } }),
      after(4001, { source: A.running }),
      after(4001, { journal: [...sent, ...did('hang-up')] }),
    ]).toEqual(['wait for the copy', 'act hang-up', 'wait for the copy', 'wait for the copy', 'wait for the copy']);
  });

  test('is believed in what it reports of the attempt, and what it was asked in vain is forgotten with it', () => {
    const journal = [...tried, ...failed('migrate', 'timeout'), sees('source', answering('running', 'setup'))];
    const state = stateAfter([...journal, ...failed('hang-up'), ...failedOver(0)], { paths });
    expect([state.steps.migrate, state.steps['hang-up'], state.tries['hang-up'], state.failure]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('keeps another failure that was there before', () => {
    const journal = [...sent, ...failed('cancel'), ...failedOver(0)];
    expect(stateAfter(journal, { paths }).failure?.step).toBe('cancel');
  });

  test.each<[string, readonly JournalEvent[]]>([
    ['a source that has not failed', [sees('source', A.running)]],
    ['a post-copy', [entered, sees('source', refused)]],
    ['a commit', [{ kind: 'committed' }, sees('source', refused)]],
  ])('is not sent again after %s, whatever the journal says', (_what, events) => {
    const lastly: JournalEvent = { kind: 'path-failed', path: twoPaths[0], seen: 'connection', why: 'so' };
    expect(stateAfter([...sent, ...events, lastly], { paths }).steps.migrate).toBe('done');
  });

  test('has no reason in its report: that is noted too', () => {
    const source = answering('running', 'failed');
    expect(decided({ journal: sent, source, destination: untouched, plan: { paths } })).toContain(
      'why QEMU gave no reason.',
    );
  });
});

describe('paths that are tried', () => {
  test('are tried before they are prepared, where there are several and the port is still to be opened', () => {
    const journal = did('start-destination', 'compare-twin', 'negotiate-capabilities');
    const next = (changes: Partial<Plan>): string =>
      decided({ journal, source: A.running, destination: answering('inmigrate', 'none'), plan: changes });
    const waiting = (listens: boolean): Partial<Plan> => ({
      paths: [...twoPaths],
      waiting: { guest: { ...stateAfter([]).plan.guest, waiting: true }, listens },
    });
    expect([next({ paths: [...twoPaths] }), next({}), next(waiting(false)), next(waiting(true))]).toEqual([
      'act try-paths',
      'act check-disks',
      'act try-paths',
      'act check-disks',
    ]);
  });
});

describe('going back', () => {
  const cancelled: JournalEvent[] = [...begun, { kind: 'cancel-requested', reason: 'operator', by: 'operator' }];
  const stalled: JournalEvent = { kind: 'stalled', forMs: 2500, guest: 'stopped' };

  test('a cancel is sent in band', () => {
    expect(decided({ journal: cancelled, source: A.running, destination: B.waiting })).toBe('act cancel');
  });

  test('a cancel that gets no answer is followed by a yank', () => {
    const journal = [...cancelled, ...failed('cancel', 'timeout')];
    expect(decided({ journal, source: A.running, destination: B.waiting })).toBe('act yank');
  });

  test('a cancel that QEMU has taken gets its time, then a yank', () => {
    const journal = [...cancelled, ...did('cancel')];
    const cancelling = { journal, source: answering('running', 'cancelling'), destination: B.waiting };
    expect(decided(cancelling)).toBe('wait for the source to cancel');
    expect(decided({ ...cancelling, elapsed: { ...now, withoutProgressMs: 4000, unchangedMs: 4000 } })).toBe(
      'act yank',
    );
  });

  test('a running source that cannot let go loses its destination, and is safe', () => {
    const journal = [...cancelled, ...did('cancel', 'yank')];
    const elapsed = { ...settled, withoutProgressMs: 5000 };
    const hanging = { journal, source: answering('running', 'cancelling'), destination: B.waiting, elapsed };
    const removed = { ...hanging, journal: [...journal, ...did('quit-destination')], destination: gone };
    expect([decided(hanging), decided({ ...removed, elapsed: now }), decided(removed)]).toEqual([
      'act quit-destination',
      'wait for the source to cancel',
      'end safe-on-source, guest source: cancel-hangs',
    ]);
  });

  test('a stall is written down, then becomes a cancel, then a yank', () => {
    const stall = { source: A.stopped, destination: B.waiting, elapsed: stoppedTooLong };
    expect(decided({ ...stall, journal: begun })).toBe('note stalled, forMs 2500, guest stopped');
    expect(decided({ ...stall, journal: [...begun, stalled] })).toBe(
      'note cancel-requested, reason stalled, by watchdog',
    );
    expect(decided({ ...stall, journal: [...cancelled, stalled] })).toBe('act yank');
  });

  test('a stopped source that still sends is not stalled', () => {
    const elapsed = { withoutProgressMs: 100, sourceStoppedMs: 2500, unchangedMs: 2500 };
    expect(decided({ journal: begun, source: A.stopped, destination: B.waiting, elapsed })).toBe('wait for the copy');
  });

  test('a source that has just stopped is not stalled', () => {
    const elapsed = { withoutProgressMs: 2500, sourceStoppedMs: 100, unchangedMs: 2500 };
    expect(decided({ journal: begun, source: A.stopped, destination: B.waiting, elapsed })).toBe('wait for the copy');
  });

  test('the limit of a switchover grows with the downtime limit', () => {
    const plan = { settings: { ...stateAfter([]).plan.settings, downtimeLimitMs: 1000 } };
    const stall = { journal: begun, source: A.stopped, destination: B.waiting, plan };
    expect(decided({ ...stall, elapsed: stoppedTooLong })).toBe('wait for the copy');
    expect(decided({ ...stall, elapsed: { withoutProgressMs: 3001, sourceStoppedMs: 3001, unchangedMs: 3001 } })).toBe(
      'note stalled, forMs 3001, guest stopped',
    );
  });

  test('a silent source that does not send is pulled free', () => {
    const journal = [...cancelled, stalled];
    expect(decided({ journal, source: silent, destination: B.waiting, elapsed: stoppedTooLong })).toBe('act yank');
  });

  test('a silent source that still sends is left alone', () => {
    expect(decided({ journal: begun, source: silent, destination: B.waiting })).toBe(
      'wait for the source QEMU to answer',
    );
  });

  test('a yank without effect ends as unknown, nothing else is tried', () => {
    const journal = [...cancelled, stalled, ...did('yank')];
    expect(decided({ journal, source: A.stopped, destination: B.waiting, elapsed: stoppedTooLong })).toBe(
      'wait for the source to come back',
    );
    expect(decided({ journal, source: A.stopped, destination: B.waiting, elapsed: tooLong })).toBe(
      'end unknown, guest unknown: cancel-hangs',
    );
  });

  test('a source that was resumed gets its time to run, then it ends with the reason', () => {
    const journal = [...begun, ...did('quit-destination', 'resume-source')];
    const resumed = { journal, source: A.failedStopped, destination: gone };
    expect(decided(resumed)).toBe('wait for the source to run, which is postmigrate');
    expect(decided({ ...resumed, elapsed: tooLong })).toBe('end stopped-on-source, guest stopped: migration-failed');
  });

  test('a source that cannot be resumed stays stopped, and the end says so', () => {
    const journal = [
      ...begun,
      ...did('quit-destination'),
      ...Array.from({ length: 5 }, () => failed('resume-source')).flat(),
    ];
    expect(decided({ journal, source: A.failedStopped, destination: gone, elapsed: tooLong })).toBe(
      'end stopped-on-source, guest stopped: migration-failed',
    );
  });

  test('a destination that cannot be removed leaves the guest safe on the source, and the operator a task', () => {
    const journal = [...begun, ...Array.from({ length: 5 }, () => failed('quit-destination', 'timeout')).flat()];
    expect(decided({ journal, source: A.failedRunning, destination: unreachable, elapsed: tooLong })).toBe(
      'end safe-on-source, guest source: destination-not-removed',
    );
    expect(decided({ journal, source: A.failedStopped, destination: unreachable, elapsed: tooLong })).toBe(
      'end unknown, guest unknown: destination-not-removed',
    );
  });

  test('--mptcp require cancels a connection that is plain TCP', () => {
    const plan = { settings: { ...stateAfter([]).plan.settings, mptcp: 'require' as const } };
    const negotiated: JournalEvent = {
      kind: 'negotiated',
      protocol: 'tcp',
      when: 'connected',
      connections: [],
      text: 'it fell back',
    };
    const copying = { source: A.running, destination: B.waiting, plan };
    expect(decided({ ...copying, journal: [...begun, negotiated] })).toBe(
      'note cancel-requested, reason mptcp-required, by policy',
    );
    expect(decided({ ...copying, journal: [...begun, { ...negotiated, protocol: 'mptcp' }] })).toBe(
      'wait for the copy',
    );
    expect(decided({ ...copying, journal: [...begun, { kind: 'sampling-failed', why: 'no' }] })).toBe(
      'note cancel-requested, reason mptcp-required, by policy',
    );
  });
});

describe('a post-copy whose connection breaks', () => {
  const journal: JournalEvent[] = [...begun, { kind: 'post-copy-entered' }];
  const stalled: JournalEvent = { kind: 'stalled', forMs: 31_000, guest: 'destination' };
  const active = {
    source: answering('finish-migrate', 'postcopy-active'),
    destination: answering('running', 'postcopy-active'),
  };
  const one = { ...active, source: answering('finish-migrate', 'postcopy-paused') };
  const both = { ...one, destination: answering('running', 'postcopy-paused') };
  const dead = { ...now, withoutProgressMs: 31_000 };

  test('is written down, then paused on both sides', () => {
    expect(decided({ journal, ...active, elapsed: dead })).toBe('note stalled, forMs 31000, guest destination');
    expect(decided({ journal: [...journal, stalled], ...active, elapsed: dead })).toBe('act pause-post-copy');
  });

  test('is paused on both sides when one has noticed', () => {
    expect(decided({ journal, ...one })).toBe('act pause-post-copy');
    const told = [...journal, ...did('pause-post-copy')];
    expect(decided({ journal: told, ...one })).toBe('wait for both sides to pause');
    expect(decided({ journal: told, ...one, elapsed: settled })).toBe(
      'end paused-recoverable, guest destination: post-copy-paused',
    );
  });

  test('that cannot be paused is left as it is', () => {
    const refused = [...journal, ...Array.from({ length: 5 }, () => failed('pause-post-copy')).flat()];
    expect(decided({ journal: refused, ...one, elapsed: tooLong })).toBe(
      'end paused-recoverable, guest destination: post-copy-paused',
    );
  });

  test('waits for the operator, then for the destination to listen, then for the source to join', () => {
    const asked: JournalEvent[] = [...journal, { kind: 'recovery-requested', by: 'ann' }];
    expect(decided({ journal, ...both })).toBe('end paused-recoverable, guest destination: post-copy-paused');
    expect(decided({ journal: asked, ...both })).toBe('act listen-for-recovery');
    expect(decided({ journal: [...asked, ...did('listen-for-recovery')], ...both })).toBe('act recover');
  });

  test('is given its time to continue, and is reported again when it does not', () => {
    const recovering: JournalEvent[] = [
      ...journal,
      { kind: 'recovery-requested', by: 'ann' },
      ...did('listen-for-recovery', 'recover'),
    ];
    expect(decided({ journal: recovering, ...both })).toBe('wait for the source to continue');
    expect(decided({ journal: recovering, ...one })).toBe('wait for the source to continue');
    expect(decided({ journal: recovering, ...both, elapsed: tooLong })).toBe(
      'end paused-recoverable, guest destination: post-copy-paused',
    );
    const flowed = [...recovering, sees('source', active.source), sees('destination', active.destination)];
    expect(decided({ journal: flowed, ...both })).toBe('end paused-recoverable, guest destination: post-copy-paused');
  });

  test('by the death of the source: what is under way may still arrive, and be the whole', () => {
    expect(decided({ journal, ...active, source: gone })).toBe('wait for the destination to settle');
    expect(decided({ journal, source: gone, destination: B.waiting })).toBe('wait for the destination to settle');
    expect(decided({ journal, ...active, source: gone, elapsed: settled })).toBe(
      'end lost, guest stopped: source-died-in-post-copy',
    );
    expect(decided({ journal, ...both, source: gone })).toBe('end lost, guest stopped: source-died-in-post-copy');
    expect(decided({ journal, source: gone, destination: B.running })).toBe('note committed');
  });

  test('that was cut off while both met continues by itself when the operator has fixed the network', () => {
    const meeting = {
      source: answering('finish-migrate', 'postcopy-recover'),
      destination: answering('running', 'postcopy-recover'),
    };
    const told: JournalEvent[] = [
      ...journal,
      ...did('listen-for-recovery', 'recover'),
      stalled,
      ...did('pause-post-copy'),
    ];
    const asked: JournalEvent[] = [...told, { kind: 'recovery-requested', by: 'ann' }];
    expect(decided({ journal: told, ...meeting, elapsed: tooLong })).toBe(
      'end paused-recoverable, guest destination: post-copy-paused',
    );
    expect(decided({ journal: asked, ...meeting, elapsed: dead })).toBe('wait for both sides to meet');
    expect(decided({ journal: asked, ...meeting, elapsed: tooLong })).toBe(
      'end paused-recoverable, guest destination: post-copy-paused',
    );
  });

  test('with a destination that does not answer', () => {
    expect(decided({ journal, ...active, destination: silent })).toBe('wait for the destination to answer');
    expect(decided({ journal, ...active, destination: silent, elapsed: tooLong })).toBe(
      'end unknown, guest unknown: destination-unreachable',
    );
  });
});

describe('hands of others', () => {
  test('the source is resumed after the commit: the destination is not started', () => {
    expect(decided({ journal: committed, source: answering('running', 'completed'), destination: B.arrived })).toBe(
      'end unknown, guest source: source-resumed',
    );
  });

  test('the source of a paused guest is resumed after the commit: it is not quit', () => {
    const journal = [...committed, ...did('resume-destination')];
    expect(decided({ journal, source: answering('running', 'completed'), destination: B.arrived, plan: paused })).toBe(
      'end unknown, guest source: source-resumed',
    );
  });

  test('the destination is resumed before the handover: nothing is cancelled', () => {
    const journal: JournalEvent[] = [...begun, { kind: 'cancel-requested', reason: 'operator', by: 'operator' }];
    expect(decided({ journal, source: A.stopped, destination: B.running, elapsed: stoppedTooLong })).toBe(
      'wait for the source, while the destination runs already',
    );
    expect(decided({ journal, source: A.stopped, destination: B.running, elapsed: tooLong })).toBe(
      'end unknown, guest destination: destination-resumed',
    );
  });

  test('the guest has run on the destination, which is gone: an old copy is not resumed', () => {
    const journal = [...begun, sees('destination', B.running), ...did('quit-destination')];
    expect(decided({ journal, source: A.failedStopped, destination: gone, elapsed: tooLong })).toBe(
      'end unknown, guest stopped: old-copy',
    );
  });

  test('an unknown status is waited for', () => {
    const source = answering('running', 'colo');
    expect(decided({ journal: begun, source, destination: B.waiting, elapsed: tooLong })).toBe(
      'wait for the source, whose status is colo',
    );
    expect(decided({ journal: begun, source, destination: gone, elapsed: tooLong })).toBe(
      'end unknown, guest unknown: unknown-status',
    );
  });
});

describe('after the commit', () => {
  const resumed = [...committed, ...did('resume-destination')];

  test.each([silent, unreachable])('a destination that does not answer is waited for: %o', (destination) => {
    expect(decided({ journal: committed, source: A.completed, destination })).toBe(
      'wait for the destination to answer',
    );
    expect(decided({ journal: committed, source: A.completed, destination, elapsed: tooLong })).toBe(
      'end unknown, guest unknown: destination-unreachable',
    );
  });

  test('a destination that is gone before it ran leaves the guest on the source', () => {
    const journal = [...committed, ...did('quit-destination')];
    expect(decided({ journal, source: A.completed, destination: gone })).toBe(
      'end stopped-on-source, guest stopped: destination-died',
    );
  });

  test('a destination that is gone after it may have run is a lost guest', () => {
    const journal = [...committed, ...failed('resume-destination', 'timeout'), ...did('quit-destination')];
    expect(decided({ journal, source: A.completed, destination: gone })).toBe(
      'end lost, guest nowhere: destination-died-running',
    );
  });

  test('a source that is out of reach is waited for, then left to the operator', () => {
    expect(decided({ journal: resumed, source: unreachable, destination: B.running })).toBe(
      'wait for the source to be quit',
    );
    expect(decided({ journal: resumed, source: unreachable, destination: B.running, elapsed: tooLong })).toBe(
      'end done-on-destination, guest destination: source-unverified',
    );
  });

  test('a source whose monitor is silent is ended through its host', () => {
    expect(decided({ journal: resumed, source: silent, destination: B.running })).toBe('act quit-source');
  });

  test('a source that reported completed and cannot be asked any more does not hold the commit up', () => {
    const journal = [...begun, sees('source', A.completed)];
    expect(decided({ journal, source: unreachable, destination: B.arrived })).toBe('note committed');
    expect(decided({ journal, source: silent, destination: B.arrived })).toBe('note committed');
  });

  test('a source that reported completed and is silent now is not pulled back', () => {
    const journal = [...begun, sees('source', A.completed)];
    expect(decided({ journal, source: silent, destination: B.waiting, elapsed: stoppedTooLong })).toBe(
      'wait for the source QEMU to answer',
    );
  });
});

test('what has ended stays ended', () => {
  const journal: JournalEvent[] = [...committed, { kind: 'ended', outcome: 'unknown', guest: 'unknown' }];
  expect(decided({ journal, source: A.completed, destination: B.arrived })).toBe('wait for nothing: it has ended');
});
