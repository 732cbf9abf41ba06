import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  outcomeSchema,
  type JournalEvent,
  type Observation,
  type Outcome,
  type PathAction,
} from '#contract/migration.ts';
import {
  answering,
  attached,
  begun,
  did,
  entered,
  failed,
  gone,
  plan,
  prepared,
  sees,
  silent,
  started,
  stateAfter,
  unreachable,
} from './simulation/states.ts';
import { planned as scene } from './simulation/scenes.ts';
import { apply, initialState, isFinal, isPostCopyPaused, mayBeInPostCopy, phaseOf, replay } from './state.ts';

const cancelled: JournalEvent = { kind: 'cancel-requested', reason: 'operator', by: 'ann' };
const committed: JournalEvent = { kind: 'committed' };

describe('replay', () => {
  test('a journal that does not begin with its plan is none', () => {
    expect(replay([])).toBeUndefined();
    expect(replay([attached])).toBeUndefined();
  });

  test('the plan alone is the initial state', () => {
    expect(replay([{ kind: 'planned', plan }])).toEqual(initialState(plan));
  });

  test('of a whole journal is the state in which its manager ended', async () => {
    const migration = scene();
    await migration.migrate();
    expect(replay(migration.events)).toEqual(migration.run.state);
  });

  test('of its parts is that of the whole, wherever it is cut', async () => {
    const migration = scene();
    await migration.migrate();
    const { events } = migration;
    const whole = replay(events);
    for (let cut = 1; cut < events.length; cut += 1) {
      const first = replay(events.slice(0, cut));
      expect(first && events.slice(cut).reduce(apply, first)).toEqual(whole);
    }
  });

  test('a second plan begins again', () => {
    expect(apply(stateAfter(begun), { kind: 'planned', plan })).toEqual(initialState(plan));
  });

  test('events that only report leave the state as it is', () => {
    const before = stateAfter(begun);
    const path = { subflow: '1/0', localAddress: '10.0.1.1', remoteAddress: '10.0.1.2' };
    const telling: JournalEvent[] = [
      { kind: 'iteration', iteration: 2, remainingBytes: 1, transferredBytes: 2, dirtyPagesPerSecond: 3 },
      { kind: 'subflow-lost', ...path, why: 'no answer' },
      { kind: 'subflow-back', ...path, afterMs: 1000 },
      { kind: 'subflow-closed', ...path },
      { kind: 'cancel-refused', by: 'ann', why: 'too late' },
      { kind: 'links-unwatched', side: 'source', why: 'no' },
      { kind: 'link-lost', side: 'source', interface: 'eth1' },
      { kind: 'link-back', side: 'source', interface: 'eth1', afterMs: 1000 },
      { kind: 'settings-changed', by: 'ann', downtimeLimitMs: 500 },
      { kind: 'output-kept', side: 'source', raw: 'nothing of interest' },
    ];
    for (const event of telling) expect(apply(before, event)).toEqual(before);
  });
});

describe('a step', () => {
  test('is intended, then done, and counted', () => {
    const { steps, tries } = stateAfter(did('start-destination'));
    expect({ steps, tries }).toEqual({ steps: { 'start-destination': 'done' }, tries: { 'start-destination': 1 } });
  });

  test('that was refused has failed; one whose answer was lost is uncertain', () => {
    expect(stateAfter(failed('cancel')).steps.cancel).toBe('failed');
    expect(stateAfter(failed('cancel', 'timeout')).steps.cancel).toBe('uncertain');
  });

  test('reports what the next ones need', () => {
    const { destination, listener } = stateAfter(prepared);
    expect({ destination, listener }).toEqual({ destination: started, listener: { port: 42_001, mptcp: true } });
  });

  test('that changes a side makes what was seen of it old', () => {
    const seen = [
      ...prepared,
      sees('source', answering('running', 'none')),
      sees('destination', answering('inmigrate', 'none')),
    ];
    expect(stateAfter(seen).current).toEqual({ source: true, destination: true });
    expect(stateAfter([...seen, ...did('migrate')]).current).toEqual({ source: false, destination: true });
    expect(stateAfter([...seen, ...did('resume-destination')]).current).toEqual({ source: true, destination: false });
    expect(stateAfter([...seen, ...failed('resume-source')]).current).toEqual({ source: false, destination: true });
    expect(stateAfter([...seen, ...did('cancel')]).current).toEqual({ source: true, destination: true });
  });

  test('the first failure is kept', () => {
    expect(stateAfter([...failed('listen'), ...failed('cancel')]).failure?.step).toBe('listen');
  });
});

describe('another manager', () => {
  test('has seen nothing itself, and what was begun may have happened', () => {
    const journal: JournalEvent[] = [
      ...prepared,
      sees('source', answering('running', 'none')),
      { kind: 'intended', step: 'migrate' },
    ];
    const { steps, observed, current, tries, attached: taken } = stateAfter([...journal, attached]);
    expect({ migrate: steps.migrate, listen: steps.listen, observed, current, tries, taken }).toEqual({
      migrate: 'uncertain',
      listen: 'done',
      observed: { source: { kind: 'unasked' }, destination: { kind: 'unasked' } },
      current: { source: false, destination: false },
      tries: {},
      taken: true,
    });
  });

  test('reopens what had ended without being final', () => {
    const ended: JournalEvent = { kind: 'ended', outcome: 'unknown', guest: 'unknown' };
    expect(stateAfter([...begun, ended]).ended).toEqual(ended);
    expect(stateAfter([...begun, ended, attached]).ended).toBeUndefined();
  });

  test('counts a cont that may have been carried out as a guest that may have run', () => {
    const journal: JournalEvent[] = [...begun, committed, { kind: 'intended', step: 'resume-destination' }];
    expect(stateAfter(journal).mayHaveRunOnDestination).toBe(false);
    expect(stateAfter([...journal, attached]).mayHaveRunOnDestination).toBe(true);
  });
});

describe('what is seen', () => {
  test.each<[string, Observation, string]>([
    ['of a departure', answering('postmigrate', 'completed'), 'completed'],
    ['of a departure that is about to end', answering('finish-migrate', 'completed'), 'completed'],
    ['of an arrival, by a guest that runs', answering('running', 'completed'), 'none'],
    ['of an arrival, by a guest that was paused since', answering('paused', 'completed'), 'none'],
    ['of a cancelled departure', answering('running', 'cancelled'), 'cancelled'],
  ])('%s', (_name, observation, migration) => {
    expect(stateAfter([sees('source', observation)]).observed.source).toMatchObject({ migration });
  });

  test('of an arrival on the destination is what it says', () => {
    expect(stateAfter([sees('destination', answering('running', 'completed'))]).observed.destination).toMatchObject({
      migration: 'completed',
    });
  });

  test('of the last migration is forgotten when the next has begun', () => {
    const journal = [...prepared, sees('source', answering('running', 'failed', 'of yesterday')), ...did('migrate')];
    const { observed, sourceErrorText } = stateAfter(journal);
    expect({ source: observed.source, sourceErrorText }).toEqual({
      source: answering('running', 'setup'),
      sourceErrorText: undefined,
    });
  });

  test('of an error stays when a later status hides it', () => {
    const journal = [
      ...begun,
      sees('source', answering('running', 'failed', 'reset')),
      sees('source', answering('running', 'none')),
    ];
    expect(stateAfter(journal).sourceErrorText).toBe('reset');
  });

  test('of a source that moves proves that a migrate without an answer was carried out', () => {
    const journal = [...prepared, ...failed('migrate', 'timeout')];
    expect(stateAfter([...journal, sees('source', answering('running', 'active'))]).steps.migrate).toBe('done');
    expect(stateAfter([...journal, sees('source', answering('running', 'none'))]).steps.migrate).toBe('uncertain');
    expect(stateAfter([...journal, sees('source', silent)]).steps.migrate).toBe('uncertain');
  });

  test('of a completed source is never taken back', () => {
    const journal = [...begun, sees('source', answering('postmigrate', 'completed')), sees('source', unreachable)];
    expect(stateAfter(journal).sourceCompleted).toBe(true);
  });

  test('of a destination that runs is never taken back', () => {
    const journal = [...begun, sees('destination', answering('running', 'completed')), sees('destination', gone)];
    expect(stateAfter(journal).mayHaveRunOnDestination).toBe(true);
  });

  test('of a destination that is gone before it was removed, is an end of its own', () => {
    expect(stateAfter([...begun, sees('destination', gone)]).destinationEndedByItself).toBe(true);
    expect(stateAfter([...begun, ...did('quit-destination'), sees('destination', gone)]).destinationEndedByItself).toBe(
      false,
    );
  });
});

describe('facts', () => {
  test('the first cancel is the one that counts', () => {
    expect(stateAfter([cancelled, { kind: 'cancel-requested', reason: 'stalled', by: 'watchdog' }]).cancel).toEqual({
      reason: 'operator',
      by: 'ann',
    });
  });

  test('post-copy: asked for, entered, to be recovered', () => {
    const { postCopy, mayHaveRunOnDestination } = stateAfter([
      { kind: 'post-copy-requested', by: 'ann' },
      entered,
      { kind: 'recovery-requested', by: 'ann' },
    ]);
    expect({ postCopy, mayHaveRunOnDestination }).toEqual({
      postCopy: { requested: true, entered: true, recover: true },
      mayHaveRunOnDestination: true,
    });
  });

  test('one request for a recovery is one attempt', () => {
    const asked: JournalEvent[] = [...begun, entered, { kind: 'recovery-requested', by: 'ann' }];
    expect(stateAfter([...asked, ...failed('recover')]).postCopy.recover).toBe(false);
    expect(stateAfter([...asked, ...did('listen-for-recovery')]).postCopy.recover).toBe(true);
  });

  test('a recovery that was carried out can be followed by another', () => {
    const journal: JournalEvent[] = [
      ...begun,
      entered,
      { kind: 'stalled', forMs: 30_000, guest: 'destination' },
      ...did('pause-post-copy'),
      { kind: 'recovery-requested', by: 'ann' },
      ...did('listen-for-recovery', 'recover'),
    ];
    const { steps, stalled, postCopy, current } = stateAfter(journal);
    expect({
      pause: steps['pause-post-copy'],
      listen: steps['listen-for-recovery'],
      stalled,
      postCopy,
      current,
    }).toEqual({
      pause: undefined,
      listen: undefined,
      stalled: undefined,
      postCopy: { requested: false, entered: true, recover: false },
      current: { source: false, destination: false },
    });
  });

  test.each<[string, readonly PathAction[], object]>([
    ['paused', ['backup'], { wanted: 'paused', withdrawn: false }],
    ['resumed', ['backup', 'resume'], { wanted: 'used', withdrawn: false }],
    ['removed', ['remove'], { wanted: 'removed', withdrawn: false }],
    ['withdrawn with its link', ['withdraw'], { wanted: undefined, withdrawn: true }],
    ['paused, and its link was lost', ['backup', 'withdraw'], { wanted: 'paused', withdrawn: true }],
    ['paused while its link was lost', ['withdraw', 'backup', 'rejoin'], { wanted: 'paused', withdrawn: false }],
  ])('a path that was %s', (_name, actions, path) => {
    const [first] = plan.paths;
    const journal = actions.flatMap((action): JournalEvent[] =>
      first ? [{ kind: 'path-changed', by: 'ann', action, path: first }] : [],
    );
    expect(stateAfter(journal).changedPaths).toEqual({ eth1: path });
  });

  test.each<[string, JournalEvent, object]>([
    ['sampling-failed', { kind: 'sampling-failed', why: 'no' }, { samplingFailed: true }],
    ['committed', committed, { committed: true }],
    [
      'stalled',
      { kind: 'stalled', forMs: 1, guest: 'source' },
      { stalled: { kind: 'stalled', forMs: 1, guest: 'source' } },
    ],
    ['output-kept', { kind: 'output-kept', side: 'destination', raw: 'so it was' }, { destinationOutput: 'so it was' }],
  ])('%s', (_name, event, changed) => {
    expect(stateAfter([event])).toEqual({ ...initialState(plan), ...changed });
  });
});

describe('post-copy', () => {
  test('may have begun from the moment it was asked of QEMU, unless QEMU refused', () => {
    const asked: JournalEvent[] = [{ kind: 'intended', step: 'start-post-copy' }];
    expect(
      [
        begun,
        [...begun, ...asked],
        [...begun, ...failed('start-post-copy')],
        [...begun, ...failed('start-post-copy', 'timeout')],
        [...begun, ...did('start-post-copy')],
        [...begun, entered],
      ].map((journal) => mayBeInPostCopy(stateAfter(journal))),
    ).toEqual([false, true, false, true, true, true]);
  });

  test('is paused as soon as one side reports it', () => {
    const onOne = [...begun, entered, sees('source', answering('finish-migrate', 'postcopy-paused'))];
    expect(isPostCopyPaused(stateAfter(onOne))).toBe(true);
    expect(isPostCopyPaused(stateAfter([...begun, entered]))).toBe(false);
  });
});

describe('phases: what is done now, and who runs the guest', () => {
  const source = (run: string, migration: string): JournalEvent => sees('source', answering(run, migration));
  const destination = (run: string, migration: string): JournalEvent => sees('destination', answering(run, migration));
  const done = [...begun, source('postmigrate', 'completed'), committed];

  test.each<[string, readonly JournalEvent[], object]>([
    ['planned', [], { name: 'preparing', guest: 'source' }],
    ['being prepared', [...prepared, source('running', 'none')], { name: 'preparing', guest: 'source' }],
    [
      'being prepared, after an earlier failure',
      [...prepared, source('running', 'failed')],
      { name: 'preparing', guest: 'source' },
    ],
    [
      'asked to begin',
      [...prepared, source('running', 'failed'), { kind: 'intended', step: 'migrate' }],
      { name: 'connecting', guest: 'source' },
    ],
    ['setting up', [...begun, source('running', 'setup')], { name: 'connecting', guest: 'source' }],
    ['copying', [...begun, source('running', 'active')], { name: 'copying', guest: 'source' }],
    [
      'waiting for a device to be unplugged',
      [...begun, source('running', 'wait-unplug')],
      { name: 'copying', guest: 'source' },
    ],
    [
      'stopped for the last pages',
      [...begun, source('finish-migrate', 'active')],
      { name: 'switching-over', guest: 'stopped' },
    ],
    [
      'held before the switchover',
      [...begun, source('paused', 'pre-switchover')],
      { name: 'switching-over', guest: 'stopped' },
    ],
    [
      'sending the devices',
      [...begun, source('finish-migrate', 'device')],
      { name: 'switching-over', guest: 'stopped' },
    ],
    ['handed over', [...begun, source('postmigrate', 'completed')], { name: 'switching-over', guest: 'stopped' }],
    ['committed', [...done, destination('paused', 'completed')], { name: 'starting-on-destination', guest: 'stopped' }],
    [
      'committed, the destination out of sight',
      [...done, sees('destination', unreachable)],
      { name: 'starting-on-destination', guest: 'stopped' },
    ],
    ['arrived', [...done, destination('running', 'completed')], { name: 'cleaning-up', guest: 'destination' }],
    ['arrived, the source being quit', [...done, ...did('quit-source')], { name: 'cleaning-up', guest: 'destination' }],
    [
      'in post-copy',
      [...begun, entered, destination('running', 'postcopy-active')],
      { name: 'post-copy', guest: 'destination' },
    ],
    [
      'in a post-copy that broke',
      [...begun, entered, destination('running', 'postcopy-paused')],
      { name: 'post-copy-paused', guest: 'destination' },
    ],
    ['cancelled before it began', [...prepared, cancelled], { name: 'cancelling', guest: 'source' }],
    [
      'being cancelled while it copies',
      [...begun, cancelled, source('running', 'active')],
      { name: 'cancelling', guest: 'source' },
    ],
    [
      'being cancelled while it is stopped',
      [...begun, cancelled, source('finish-migrate', 'active')],
      { name: 'cancelling', guest: 'stopped' },
    ],
    [
      'being cancelled while the source is silent',
      [...begun, cancelled, sees('source', silent)],
      { name: 'cancelling', guest: 'unknown' },
    ],
    [
      'being cancelled while the source is gone',
      [...begun, cancelled, sees('source', gone)],
      { name: 'cancelling', guest: 'nowhere' },
    ],
    ['cancelled', [...begun, cancelled, source('running', 'cancelled')], { name: 'going-back', guest: 'source' }],
    ['failed', [...begun, source('running', 'failed')], { name: 'going-back', guest: 'source' }],
    ['about to fail', [...begun, source('finish-migrate', 'failing')], { name: 'going-back', guest: 'stopped' }],
    [
      'failed, the guest not running yet',
      [...begun, source('postmigrate', 'failed')],
      { name: 'going-back', guest: 'stopped' },
    ],
    ['failed before it began', failed('listen'), { name: 'going-back', guest: 'source' }],
    [
      'without an answer to migrate',
      [...prepared, ...failed('migrate', 'timeout'), sees('source', silent)],
      { name: 'going-back', guest: 'unknown' },
    ],
    [
      'ended',
      [...done, { kind: 'ended', outcome: 'lost', guest: 'nowhere' }],
      { name: 'ended', guest: 'nowhere', outcome: 'lost' },
    ],
  ])('%s', (_name, journal, phase) => {
    expect(phaseOf(stateAfter(journal))).toEqual(phase);
  });

  test('a guest that was paused stays where it is until it has been committed', () => {
    const paused = { guestWasRunning: false };
    expect([
      phaseOf(stateAfter([...begun, source('paused', 'active')], paused)),
      phaseOf(stateAfter([...begun, cancelled, source('paused', 'active')], paused)),
      phaseOf(stateAfter([...begun, source('postmigrate', 'failed')], paused)),
    ]).toEqual([
      { name: 'copying', guest: 'source' },
      { name: 'cancelling', guest: 'source' },
      { name: 'going-back', guest: 'source' },
    ]);
  });
});

test('outcomes after which nothing is left to do', () => {
  const outcomes: Record<Outcome, boolean> = {
    'done-on-destination': true,
    'safe-on-source': true,
    lost: true,
    'paused-recoverable': false,
    'stopped-on-source': false,
    unknown: false,
  };
  expect(Object.fromEntries(outcomeSchema.options.map((outcome) => [outcome, isFinal(outcome)]))).toEqual(outcomes);
});

test('the reducer never changes what it was given', () => {
  const events = [...begun, ...failed('cancel'), cancelled, committed, attached, sees('source', gone)];
  assert(
    property(array(constantFrom(...events), { maxLength: 12 }), (journal) => {
      const state = deepFrozen(stateAfter(journal));
      for (const event of events) apply(state, event);
    }),
  );
});

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFrozen(member);
  }
  return value;
}
