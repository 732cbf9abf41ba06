import { describe, expect, test } from 'vitest';
import type { Failure } from '#contract/errors.ts';
import type { JournalEvent, JournalEventOf, Path, StepName } from '#contract/migration.ts';
import {
  answering,
  attached,
  begun,
  did,
  entered,
  failed,
  gone,
  intended,
  plan,
  prepared,
  sees,
  silent,
  stateAfter,
  unproven,
  unreachable,
} from './simulation/states.ts';
import {
  apply,
  hasArrived,
  initialState,
  mayGoBack,
  mayPassGate,
  nothingElseHasIt,
  phaseOf,
  type MigrationState,
} from './state.ts';

/** Every condition of the fold, and every member that it sets or keeps. */

const proven: JournalEventOf<'peer-proven'> = { kind: 'peer-proven', by: 'sequence', connections: 1 };
const foreign: JournalEventOf<'peer-foreign'> = {
  kind: 'peer-foreign',
  address: '10.0.1.2',
  port: 42_001,
  isOfSource: false,
};
const byStatus: JournalEvent = { ...proven, by: 'status' };

const source = (run: string, migration: string, errorText?: string): JournalEvent =>
  sees('source', answering(run, migration, errorText));
const destination = (run: string, migration: string): JournalEvent => sees('destination', answering(run, migration));
const asked: JournalEvent = { kind: 'recovery-requested', by: 'ann' };
const wanted: JournalEvent = { kind: 'post-copy-requested', by: 'ann' };
const path: Path = {
  sourceInterface: 'eth1',
  sourceAddress: '10.0.1.1',
  destinationInterface: 'eth1',
  destinationAddress: '10.0.1.2',
  mtu: 1500,
};

/** What these events change in the state that these others have led to. */
function changed(before: readonly JournalEvent[], ...events: readonly JournalEvent[]): object {
  const old = Object.entries(stateAfter(before));
  const after = new Map<string, unknown>(Object.entries(stateAfter([...before, ...events])));
  return Object.fromEntries(
    old
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(after.get(name)))
      .map(([name]) => [name, after.get(name)]),
  );
}

test('at the beginning nothing is known, done or wanted', () => {
  expect(initialState(plan)).toStrictEqual({
    plan,
    steps: {},
    tries: {},
    destination: undefined,
    listener: undefined,
    observed: { source: { kind: 'unasked' }, destination: { kind: 'unasked' } },
    current: { source: false, destination: false },
    cancel: undefined,
    failure: undefined,
    sourceStatus: 'none',
    sourceErrorText: undefined,
    destinationOutput: undefined,
    negotiated: undefined,
    sourceCompleted: false,
    mayHaveRunOnDestination: false,
    destinationEndedByItself: false,
    destinationCompleted: false,
    gated: false,
    peer: undefined,
    stalled: undefined,
    stranger: undefined,
    guestShutDown: undefined,
    samplingFailed: false,
    postCopy: { requested: false, entered: false, recover: false },
    goBackRequested: false,
    failedPaths: [],
    joined: [],
    changedPaths: {},
    committed: false,
    finalStatistics: false,
    ended: undefined,
    attached: false,
  });
});

describe('one fact changes one member', () => {
  const negotiated: JournalEvent = {
    kind: 'negotiated',
    protocol: 'mptcp',
    when: 'connected',
    connections: [],
    text: 'so',
  };
  const stranger: JournalEventOf<'stranger-connected'> = {
    kind: 'stranger-connected',
    address: '192.0.2.66',
    port: 4444,
    connections: 1,
    turnedAway: false,
  };
  const shutDown: JournalEvent = { kind: 'guest-shut-down', side: 'source', reason: 'guest-shutdown' };
  const final: JournalEvent = {
    kind: 'final-statistics',
    sample: { atMonoMs: 1, atEpochMs: 2, connections: [], subflows: [], throughputBitsPerSecond: 0 },
  };
  const rows: readonly (readonly [name: string, event: JournalEvent, change: Partial<MigrationState>])[] = [
    ['negotiated', negotiated, { negotiated }],
    ['stranger-connected', stranger, { stranger }],
    ['stranger-connected', { ...stranger, turnedAway: true }, {}],
    ['peer-proven', proven, { peer: proven }],
    ['peer-foreign', foreign, { peer: foreign }],
    ['guest-shut-down', shutDown, { guestShutDown: shutDown }],
    ['final-statistics', final, { finalStatistics: true }],
    ['go-back-requested', { kind: 'go-back-requested', by: 'ann' }, { goBackRequested: true }],
    ['run-changed', { kind: 'run-changed', side: 'source', run: 'stopped' }, {}],
    ['post-copy-requested', wanted, { postCopy: { requested: true, entered: true, recover: true } }],
    [
      'path-changed',
      { kind: 'path-changed', by: 'ann', action: 'add', path },
      { changedPaths: { eth2: { wanted: 'paused', withdrawn: false }, eth1: { wanted: 'used', withdrawn: false } } },
    ],
    [
      'subflow-established',
      { kind: 'subflow-established', subflow: '1/0', localAddress: '10.0.1.1', remoteAddress: '10.0.1.2' },
      { joined: ['10.0.1.1 10.0.1.2'] },
    ],
    ['path-missing', { kind: 'path-missing', interfaces: ['eth1'], reasons: [] }, {}],
    [
      'path-change-failed',
      { kind: 'path-change-failed', action: 'add', path, failure: { kind: 'cancelled', text: 'so', remedy: 'so' } },
      {},
    ],
  ];
  const before: readonly JournalEvent[] = [
    ...unproven,
    entered,
    asked,
    { kind: 'path-changed', by: 'ann', action: 'backup', path: { ...path, sourceInterface: 'eth2' } },
  ];

  test.each(rows)('%s', (_name, event, change) => {
    expect(changed(before, event)).toStrictEqual(change);
  });
});

describe('a failure', () => {
  const words = { text: 'It failed.', remedy: 'Fix it.' };
  const failures: readonly Failure[] = [
    { kind: 'invalid-request', ...words },
    { kind: 'qmp', command: 'stop', class: 'GenericError', description: 'no', ...words },
    { kind: 'native', syscall: 'connect', errno: 110, code: 'ETIMEDOUT', ...words },
    { kind: 'unreachable', host: 'alpha', ...words },
    { kind: 'rejected', phase: 'copying', event: 'stop', ...words },
    { kind: 'timeout', afterMs: 1, waitingFor: 'stop', ...words },
    { kind: 'cancelled', ...words },
    { kind: 'internal', incidentId: '1', ...words },
  ];

  test('leaves a step uncertain where no answer says that nothing was done', () => {
    const progress = failures.map((failure) => [
      failure.kind,
      stateAfter([intended('migrate'), { kind: 'failed', step: 'migrate', failure }]).steps.migrate,
    ]);
    expect(Object.fromEntries(progress)).toEqual({
      'invalid-request': 'failed',
      qmp: 'failed',
      native: 'uncertain',
      unreachable: 'uncertain',
      rejected: 'failed',
      timeout: 'uncertain',
      cancelled: 'failed',
      internal: 'uncertain',
    });
  });

  test('of a recovery answers its request, and the next gets a fresh port', () => {
    const { postCopy, steps } = stateAfter([
      ...begun,
      wanted,
      entered,
      asked,
      ...did('listen-for-recovery'),
      ...failed('recover'),
    ]);
    expect([postCopy, steps['listen-for-recovery'], steps.listen, steps.recover]).toEqual([
      { requested: true, entered: true, recover: false },
      undefined,
      'done',
      'failed',
    ]);
  });

  test('to listen for a recovery answers its request', () => {
    const { postCopy, steps } = stateAfter([...begun, entered, asked, ...failed('listen-for-recovery')]);
    expect([postCopy.recover, steps['listen-for-recovery']]).toEqual([false, 'failed']);
  });

  test('of another step does not, nor does it take the port away', () => {
    const { postCopy, steps } = stateAfter([
      ...begun,
      entered,
      asked,
      ...did('listen-for-recovery'),
      ...failed('pause-post-copy'),
    ]);
    expect([postCopy.recover, steps['listen-for-recovery']]).toEqual([true, 'done']);
  });
});

describe('a step', () => {
  const seen = [source('running', 'active'), destination('inmigrate', 'active')];

  test.each<[StepName, MigrationState['current']]>([
    ['migrate', { source: false, destination: true }],
    ['resume-source', { source: false, destination: true }],
    ['resume-destination', { source: true, destination: false }],
    ['start-post-copy', { source: false, destination: true }],
    ['pause-post-copy', { source: false, destination: false }],
    ['recover', { source: false, destination: false }],
    ['yank', { source: true, destination: true }],
  ])('%s makes old what it may have changed', (step, current) => {
    expect([stateAfter([...seen, ...did(step)]).current, stateAfter([...seen, ...failed(step)]).current]).toEqual([
      current,
      current,
    ]);
  });

  test('is counted by itself, as often as it is begun', () => {
    expect(stateAfter([...did('listen'), ...failed('yank'), ...failed('yank')]).tries).toEqual({ listen: 1, yank: 2 });
  });

  test('that starts the guest on the destination may have, unless it was refused, and nothing undoes that', () => {
    const runs = (...events: readonly JournalEvent[]): boolean => stateAfter(events).mayHaveRunOnDestination;
    expect([
      runs(...failed('resume-destination')),
      runs(...failed('resume-destination', 'timeout')),
      runs(...did('resume-destination')),
      runs(...did('resume-destination', 'quit-source')),
      runs(...failed('resume-destination', 'timeout'), ...failed('resume-destination')),
    ]).toEqual([false, true, true, true, true]);
  });

  test('opens a listener, which others leave alone; whether it speaks MPTCP it has to say', () => {
    const listens: JournalEvent = { kind: 'done', step: 'listen', port: 4444 };
    expect(stateAfter([listens, ...did('migrate')]).listener).toEqual({ port: 4444, mptcp: false });
  });
});

describe('migrate', () => {
  const yesterday = [...begun, source('running', 'failed', 'of yesterday')];

  test('begins a new history when it is intended', () => {
    expect(changed(yesterday, intended('migrate'))).toStrictEqual({
      steps: { ...stateAfter(begun).steps, migrate: 'intended' },
      tries: { ...stateAfter(begun).tries, migrate: 2 },
      peer: undefined,
      sourceStatus: 'none',
      sourceErrorText: undefined,
    });
  });

  test('is the only step that does', () => {
    const { sourceStatus, sourceErrorText, observed } = stateAfter([...yesterday, ...did('yank')]);
    expect({ sourceStatus, sourceErrorText, source: observed.source }).toEqual({
      sourceStatus: 'failed',
      sourceErrorText: 'of yesterday',
      source: answering('running', 'failed', 'of yesterday'),
    });
  });

  test('done, the source sets up, whatever it reported before', () => {
    const { sourceStatus, observed } = stateAfter([...yesterday, ...did('migrate')]);
    expect({ sourceStatus, source: observed.source }).toEqual({
      sourceStatus: 'setup',
      source: answering('running', 'setup'),
    });
  });

  test('done, a source that is silent stays silent', () => {
    expect(stateAfter([...prepared, sees('source', silent), ...did('migrate')]).observed.source).toEqual(silent);
  });
});

describe('what a source says', () => {
  test('of a migration that was never begun is about another one', () => {
    expect(changed(prepared, source('running', 'active', 'of another'))).toStrictEqual({
      observed: { source: answering('running', 'active', 'of another'), destination: { kind: 'unasked' } },
      current: { source: true, destination: false },
    });
  });

  test.each(['setup', 'active', 'cancelling', 'wait-unplug', 'pre-switchover', 'device'])(
    '%s proves that a migrate without an answer was carried out',
    (status) => {
      const { steps } = stateAfter([...prepared, ...failed('migrate', 'timeout'), source('running', status)]);
      expect([steps.migrate, steps.listen]).toEqual(['done', 'done']);
    },
  );

  test('completed proves it too, and is never taken back', () => {
    const journal = [...prepared, ...failed('migrate', 'timeout'), source('postmigrate', 'completed')];
    const { steps, sourceCompleted } = stateAfter([...journal, source('postmigrate', 'failed')]);
    expect([steps.migrate, sourceCompleted]).toEqual(['done', true]);
  });

  test('does not prove a migrate that was refused', () => {
    expect(stateAfter([...prepared, ...failed('migrate'), source('running', 'active')]).steps.migrate).toBe('failed');
  });

  test('of an arrival long ago is forgotten, the rest is kept', () => {
    expect(stateAfter([source('running', 'completed', 'so it was')]).observed.source).toEqual(
      answering('running', 'none', 'so it was'),
    );
  });
});

describe('what a destination says', () => {
  test('has run the guest only where it says that it runs', () => {
    const runs = (event: JournalEvent): boolean => stateAfter([event]).mayHaveRunOnDestination;
    expect([runs(destination('paused', 'completed')), runs(sees('destination', gone))]).toEqual([false, false]);
  });

  test('is no end of its own while it answers; one that was, stays one', () => {
    const ended = (...events: readonly JournalEvent[]): boolean =>
      stateAfter([...begun, ...events]).destinationEndedByItself;
    const goes = sees('destination', gone);
    expect([ended(destination('inmigrate', 'active')), ended(goes, ...did('quit-destination'), goes)]).toEqual([
      false,
      true,
    ]);
  });
});

describe('a recovery', () => {
  const recovering = [
    ...begun,
    entered,
    ...did('pause-post-copy'),
    { kind: 'stalled', forMs: 30_000, guest: 'destination' } as const,
    asked,
    ...did('listen-for-recovery'),
    source('finish-migrate', 'postcopy-paused'),
    destination('running', 'postcopy-paused'),
    intended('recover'),
  ];
  const flows = [source('finish-migrate', 'postcopy-active'), destination('running', 'postcopy-active')];
  const progressOf = (...events: readonly JournalEvent[]): string | undefined =>
    stateAfter([...recovering, ...events]).steps.recover;
  const recovers: JournalEventOf<'done'> = { kind: 'done', step: 'recover' };

  test('that was carried out leaves nothing of the break, and everything else', () => {
    expect(changed(recovering, recovers)).toStrictEqual({
      steps: { ...stateAfter(begun).steps, recover: 'done' },
      current: { source: false, destination: false },
      stalled: undefined,
      postCopy: { requested: false, entered: true, recover: false },
    });
  });

  test('is over when both sides copy again, and only it is', () => {
    const { recover: _recover, ...others } = stateAfter([...recovering, recovers]).steps;
    const after = stateAfter([...recovering, recovers, ...flows]);
    expect([after.steps, after.postCopy.entered]).toEqual([others, true]);
  });

  test('is not over when one side does, nor before it was carried out', () => {
    const [first, second] = flows;
    if (!first || !second) throw new Error('there are two');
    expect([progressOf(recovers, first), progressOf(recovers, second), progressOf(...flows)]).toEqual([
      'done',
      'done',
      'intended',
    ]);
  });
});

test('another manager asks the kernel afresh', () => {
  expect(stateAfter([...begun, { kind: 'sampling-failed', why: 'no' }, attached]).samplingFailed).toBe(false);
});

describe('phases', () => {
  const cancelled: JournalEvent = { kind: 'cancel-requested', reason: 'operator', by: 'ann' };
  test.each<[string, readonly JournalEvent[], object]>([
    [
      'cancelling, asked for by another program',
      [...begun, source('running', 'cancelling')],
      { name: 'copying', guest: 'source' },
    ],
    [
      'failed, begun by a manager that has died',
      [...prepared, intended('migrate'), attached, source('running', 'failed')],
      { name: 'going-back', guest: 'source' },
    ],
    [
      'asked to begin, an earlier failure still in sight',
      [...prepared, intended('migrate'), source('running', 'failed')],
      { name: 'connecting', guest: 'source' },
    ],
    [
      'a step failed on the way, and it copies on',
      [...begun, ...failed('yank'), source('running', 'active')],
      { name: 'copying', guest: 'source' },
    ],
    [
      'cancelled before it began, the source out of reach',
      [...prepared, sees('source', unreachable), cancelled],
      { name: 'cancelling', guest: 'source' },
    ],
    ['asked to begin, nothing seen yet', [...prepared, intended('migrate')], { name: 'connecting', guest: 'source' }],
    [
      'taken over, nothing seen yet',
      [...prepared, ...did('migrate'), attached],
      { name: 'connecting', guest: 'unknown' },
    ],
  ])('%s', (_name, journal, phase) => {
    expect(phaseOf(stateAfter(journal))).toEqual(phase);
  });

  test('a guest that was paused before is stopped in the switchover', () => {
    const held = stateAfter([...begun, source('paused', 'pre-switchover')], { guestWasRunning: false });
    expect(phaseOf(held)).toEqual({ name: 'switching-over', guest: 'stopped' });
  });
});

test('a plan in the middle begins again', () => {
  expect(apply(stateAfter([...begun, entered]), { kind: 'planned', plan })).toStrictEqual(initialState(plan));
});

describe('the way back is open', () => {
  const handedOver = [...begun, source('postmigrate', 'completed')];
  test.each<[string, readonly JournalEvent[], boolean]>([
    ['once the source has handed over', handedOver, true],
    ['after the commit', [...begun, { kind: 'committed' }], true],
    ['not before', begun, false],
    ['not once the destination has run', [...handedOver, destination('running', 'completed')], false],
    ['not in post-copy', [...handedOver, entered], false],
  ])('%s', (_, events, open) => {
    expect(mayGoBack(stateAfter(events))).toBe(open);
  });

  test('not for a guest that was paused before', () => {
    expect(mayGoBack(stateAfter(handedOver, { guestWasRunning: false }))).toBe(false);
  });
});

describe('the peer', () => {
  const peerAfter = (...events: readonly JournalEvent[]): string | undefined => {
    const { peer } = stateAfter([...unproven, ...events]);
    return peer?.kind === 'peer-proven' ? peer.by : peer?.kind;
  };

  test('that a kernel has proven stays so, and one that only reports it does not', () => {
    expect([peerAfter(proven, foreign), peerAfter(byStatus, foreign), peerAfter(foreign, proven)]).toEqual([
      'sequence',
      'peer-foreign',
      'sequence',
    ]);
  });

  test('is another one with each connection; one of ours is known before it is used', () => {
    const ours: JournalEvent = { ...proven, by: 'own-sockets' };
    expect([
      peerAfter(proven, ...did('migrate')),
      peerAfter(foreign, ...did('migrate')),
      peerAfter(ours, ...did('migrate')),
      peerAfter(ours, ...did('connect', 'migrate')),
      peerAfter(proven, ...did('cancel')),
    ]).toEqual([undefined, undefined, 'own-sockets', undefined, 'sequence']);
  });

  test('holds the guest when it was proven, or was seen complete; nothing else can when the source was not let go', () => {
    const ungated = [...prepared.filter((event) => !('gated' in event)), ...did('migrate')];
    const facts = [
      [...unproven],
      [...unproven, proven],
      [...unproven, byStatus],
      [...unproven, foreign],
      [...unproven, byStatus, destination('paused', 'completed')],
      ungated,
      [...ungated, foreign],
      prepared,
    ].map((events) => {
      const state = stateAfter(events);
      return `${hasArrived(state) ? 'arrived' : '-'}, ${nothingElseHasIt(state) ? 'nowhere else' : 'perhaps elsewhere'}`;
    });
    expect(facts).toEqual([
      '-, nowhere else',
      'arrived, nowhere else',
      '-, perhaps elsewhere',
      '-, nowhere else',
      'arrived, nowhere else',
      '-, perhaps elsewhere',
      '-, perhaps elsewhere',
      '-, nowhere else',
    ]);
  });

  test('that is proven may have the guest, unless that was cancelled; a cancel that was never sent does not count', () => {
    const cancelFor = (reason: 'operator' | 'stalled'): JournalEvent => ({
      kind: 'cancel-requested',
      reason,
      by: 'ann',
    });
    const tcp: JournalEvent = { kind: 'negotiated', protocol: 'tcp', when: 'connected', connections: [], text: 'so' };
    const required = { settings: { ...plan.settings, mptcp: 'require' as const } };
    expect([
      mayPassGate(stateAfter(unproven)),
      mayPassGate(stateAfter(begun)),
      mayPassGate(stateAfter([...begun, cancelFor('operator')])),
      mayPassGate(stateAfter([...begun, cancelFor('stalled')])),
      mayPassGate(stateAfter([...begun, cancelFor('stalled'), ...did('cancel')])),
      mayPassGate(stateAfter([...begun, tcp])),
      mayPassGate(stateAfter([...begun, tcp], required)),
      mayPassGate(stateAfter([...begun, { kind: 'sampling-failed', why: 'no' }], required)),
      mayPassGate(stateAfter(begun, required)),
    ]).toEqual([false, true, false, true, false, true, false, false, true]);
  });
});
