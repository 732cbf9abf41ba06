import { describe, expect, test } from 'vitest';
import type { JournalEvent, StepName } from '#contract/migration.ts';
import { A, B, decided, type Situation } from './simulation/decided.ts';
import {
  answering,
  attached,
  begun,
  did,
  entered,
  failed,
  gone,
  intended,
  now,
  plan,
  prepared,
  sees,
  silent,
  unreachable,
} from './simulation/states.ts';

/** Every condition of the table, by a situation in which it alone makes the difference. */

type Row = readonly [name: string, decision: string, situation: Situation];

function holds(rows: readonly Row[]): void {
  test.each(rows)('%s: %s', (_name, decision, situation) => {
    expect(decided(situation)).toBe(decision);
  });
}

const givenUp = (step: StepName, kind?: 'timeout'): readonly JournalEvent[] =>
  Array.from({ length: 5 }, () => failed(step, kind)).flat();
const settings = (changes: Partial<typeof plan.settings>): NonNullable<Situation['plan']> => ({
  settings: { ...plan.settings, ...changes },
});
const negotiated = (protocol: 'mptcp' | 'tcp'): JournalEvent => ({
  kind: 'negotiated',
  protocol,
  when: 'connected',
  connections: [],
  text: 'so the kernel says',
});

const cancel: JournalEvent = { kind: 'cancel-requested', reason: 'operator', by: 'ann' };
const stalled: JournalEvent = { kind: 'stalled', forMs: 2500, guest: 'source' };
const noSample: JournalEvent = { kind: 'sampling-failed', why: 'no' };
const requireMptcp = settings({ mptcp: 'require' });
const paused = { guestWasRunning: false };
const stillFor = (ms: number): NonNullable<Situation['elapsed']> => ({
  withoutProgressMs: ms,
  sourceStoppedMs: ms,
  unchangedMs: ms,
});

const idle = { source: answering('running', 'none'), destination: answering('inmigrate', 'none') };
const copying = { source: A.running, destination: B.waiting };

describe('what has not been looked at', () => {
  holds([
    [
      'a destination that was never started need not be',
      'end safe-on-source, guest source: step-failed',
      { journal: failed('start-destination'), source: idle.source },
    ],
    [
      'a destination that is gone need not be again',
      'act quit-destination',
      {
        journal: [
          ...begun,
          sees('source', A.completed),
          { kind: 'committed' },
          sees('destination', gone),
          ...failed('resume-destination', 'timeout'),
        ],
      },
    ],
    [
      'need not be where what has not begun is cancelled',
      'act quit-destination',
      { journal: [...did('start-destination'), cancel] },
    ],
    [
      'need not be where a step failed before anything was sent',
      'act quit-destination',
      { journal: [...did('start-destination'), ...failed('negotiate-capabilities')] },
    ],
    [
      'need not be where migrate was refused',
      'act quit-destination',
      { journal: [...prepared, sees('destination', idle.destination), ...failed('migrate'), cancel] },
    ],
    [
      'has to be by a successor, who has only a journal',
      'wait for the source to answer',
      { journal: [...did('start-destination'), attached, cancel], elapsed: stillFor(100_000) },
    ],
    [
      'has to be once migrate may have been sent',
      'wait for the source to answer',
      { journal: [...prepared, ...failed('migrate', 'timeout'), cancel], elapsed: stillFor(100_000) },
    ],
    [
      'has to be in post-copy',
      'wait for the source to answer',
      { journal: [...prepared, entered, cancel], elapsed: stillFor(100_000) },
    ],
    [
      'has to be after the commit',
      'wait for the source to answer',
      { journal: [...prepared, { kind: 'committed' }, cancel], elapsed: stillFor(100_000) },
    ],
  ]);
});

describe('before migrate', () => {
  const agreed = did('start-destination', 'compare-twin', 'negotiate-capabilities', 'check-disks');
  const action = {
    kind: 'set-limits' as const,
    limits: { subflows: 1, addAddrAccepted: 1 },
    before: { subflows: 0, addAddrAccepted: 0 },
  };
  const removed = [...prepared, ...did('quit-destination')];
  holds([
    ['one step follows another', 'act compare-twin', { journal: did('start-destination'), ...idle }],
    [
      'a step that is under way',
      'wait for negotiate-capabilities',
      { journal: [...did('start-destination', 'compare-twin'), intended('negotiate-capabilities')], ...idle },
    ],
    [
      'paths of both sides',
      'act prepare-paths',
      { journal: agreed, ...idle, plan: { preparation: { source: [action], destination: [action] } } },
    ],
    [
      'paths of the destination alone',
      'act prepare-paths',
      { journal: agreed, ...idle, plan: { preparation: { source: [], destination: [action] } } },
    ],
    ['sockets of our own', 'act connect', { journal: prepared, ...idle, plan: settings({ socket: 'app' }) }],
    [
      'sockets of our own, connected',
      'act migrate',
      { journal: [...prepared, ...did('connect')], ...idle, plan: settings({ socket: 'app' }) },
    ],
    [
      'plain TCP where MPTCP is required',
      'note cancel-requested, reason mptcp-required, by policy',
      { journal: [...prepared, negotiated('tcp')], ...idle, plan: requireMptcp },
    ],
    [
      'MPTCP where it is required',
      'act migrate',
      { journal: [...prepared, negotiated('mptcp')], ...idle, plan: requireMptcp },
    ],
    ['not known yet whether it is MPTCP', 'act migrate', { journal: prepared, ...idle, plan: requireMptcp }],
    ['plain TCP where it may be', 'act migrate', { journal: [...prepared, negotiated('tcp')], ...idle }],
    ['cancelled', 'act quit-destination', { journal: [...prepared, cancel], ...idle }],
    [
      'cancelled, the destination removed',
      'end safe-on-source, guest source: operator',
      { journal: [...removed, cancel], source: idle.source, destination: gone },
    ],
    [
      'cancelled before a manager took over',
      'act quit-destination',
      { journal: [...prepared, cancel, attached], ...idle },
    ],
    [
      'failed before a manager took over',
      'act quit-destination',
      { journal: [...prepared, ...failed('connect'), attached], ...idle },
    ],
    [
      'failed, the destination removed',
      'end safe-on-source, guest source: step-failed',
      {
        journal: [...prepared, ...failed('connect'), ...did('quit-destination')],
        source: idle.source,
        destination: gone,
      },
    ],
    [
      'failed and cancelled: it is the cancel that counts',
      'end safe-on-source, guest source: operator',
      {
        journal: [...prepared, ...failed('connect'), cancel, ...did('quit-destination')],
        source: idle.source,
        destination: gone,
      },
    ],
    [
      'the destination ended by itself',
      'act quit-destination',
      { journal: prepared, source: idle.source, destination: gone },
    ],
    [
      'the destination ended by itself, and its words are kept',
      'end safe-on-source, guest source: destination-died-before-start',
      { journal: removed, source: idle.source, destination: gone },
    ],
    [
      'the guest shut down',
      'end lost, guest nowhere: guest-shut-down',
      {
        journal: [...removed, { kind: 'guest-shut-down', side: 'source', reason: 'guest-shutdown' }],
        source: gone,
        destination: gone,
      },
    ],
    [
      'the source of a paused guest is gone, and the destination cannot be removed: nothing is safe',
      'end unknown, guest unknown: destination-not-removed',
      { journal: [...prepared, ...givenUp('quit-destination')], source: gone, destination: unreachable, plan: paused },
    ],
  ]);
});

describe('whose migration it is', () => {
  holds([
    [
      'one that moves is ours, if a manager took over and the journal has lost its beginning',
      'wait for the copy',
      { journal: [...prepared, attached], ...copying },
    ],
    ['one that moves before ours began is not', 'act migrate', { journal: prepared, ...copying }],
    [
      'a source that does not answer proves nothing',
      'note cancel-requested, reason attached-before-start, by switchyard',
      { journal: [...prepared, attached], source: silent, destination: idle.destination },
    ],
    [
      'one that waits for a device is on its way',
      'wait for the copy',
      { journal: begun, ...copying, source: answering('running', 'wait-unplug') },
    ],
  ]);
});

describe('migrate was sent, or may have been', () => {
  const none = answering('running', 'none');
  const unanswered = [...prepared, ...failed('migrate', 'timeout')];
  holds([
    ['its answer is outstanding', 'wait for migrate', { journal: [...prepared, intended('migrate')], ...idle }],
    ['it was, a moment ago', 'wait for the source to begin', { journal: begun, ...idle }],
    [
      'by a manager that has died, and it was cancelled',
      'act quit-destination',
      { journal: [...prepared, intended('migrate'), attached, cancel], ...idle },
    ],
    [
      'its answer was lost, and then a manager took over',
      'act quit-destination',
      { journal: [...unanswered, attached], ...idle },
    ],
    [
      'it was, by a manager that has died, and nothing came of it',
      'act quit-destination',
      { journal: [...begun, attached], ...idle, elapsed: { ...now, unchangedMs: 3000 } },
    ],
    [
      'it never began, and the destination is gone',
      'end safe-on-source, guest source: step-failed',
      { journal: [...unanswered, ...did('quit-destination')], source: none, destination: gone },
    ],
  ]);
});

describe('a source that cannot be seen', () => {
  const given = [...begun, ...failed('cancel', 'timeout')];
  holds([
    [
      'a destination that has arrived is no proof while the source has not reported it',
      'wait for the source QEMU to answer',
      { journal: begun, source: silent, destination: B.arrived },
    ],
    [
      'not from afar either',
      'wait for the source host',
      { journal: begun, source: unreachable, destination: B.arrived },
    ],
    [
      'a stall of a host that is out of reach is not ours to end',
      'wait for the source host',
      { journal: begun, source: unreachable, destination: B.waiting, elapsed: stillFor(31_000) },
    ],
    ['a cancel without an answer', 'act yank', { journal: given, source: silent, destination: B.waiting }],
    [
      'a cancel that was refused',
      'act yank',
      { journal: [...begun, ...failed('cancel')], source: silent, destination: B.waiting },
    ],
    [
      'a cancel that was taken',
      'wait for the source QEMU to answer',
      { journal: [...begun, ...did('cancel')], source: silent, destination: B.waiting },
    ],
  ]);
});

describe('while it copies', () => {
  const wanted: JournalEvent = { kind: 'post-copy-requested', by: 'ann' };
  holds([
    [
      'a guest that was paused before is not stopped',
      'wait for the copy',
      {
        journal: begun,
        source: answering('paused', 'active'),
        destination: B.waiting,
        plan: paused,
        elapsed: stillFor(2500),
      },
    ],
    ['a guest that runs is not stopped', 'wait for the copy', { journal: begun, ...copying, elapsed: stillFor(2500) }],
    [
      'MPTCP, seen before the kernel could not be asked any more',
      'wait for the copy',
      { journal: [...begun, negotiated('mptcp'), noSample], ...copying, plan: requireMptcp },
    ],
    ['not known yet whether it is MPTCP', 'wait for the copy', { journal: begun, ...copying, plan: requireMptcp }],
    ['plain TCP where it may be', 'wait for the copy', { journal: [...begun, negotiated('tcp')], ...copying }],
    ['post-copy is wanted', 'act start-post-copy', { journal: [...begun, wanted], ...copying }],
    [
      'post-copy is wanted, and nothing is copied yet',
      'wait for the copy',
      { journal: [...begun, wanted], source: answering('running', 'setup'), destination: B.waiting },
    ],
    [
      'post-copy is wanted, and the source is about to hand over',
      'wait for the copy',
      { journal: [...begun, wanted], source: A.stopped, destination: B.waiting },
    ],
    [
      'post-copy was refused once',
      'wait for another try to start-post-copy',
      { journal: [...begun, wanted, ...failed('start-post-copy')], ...copying },
    ],
    [
      'post-copy was refused for good',
      'wait for the copy',
      { journal: [...begun, wanted, ...givenUp('start-post-copy')], ...copying },
    ],
  ]);
});

describe('post-copy may have begun, and the source still says active', () => {
  const asked = [...begun, cancel];
  const lost = failed('start-post-copy', 'timeout');
  holds([
    [
      'it was asked for',
      'wait for post-copy to begin',
      { journal: [...asked, intended('start-post-copy')], ...copying },
    ],
    ['it was granted', 'wait for post-copy to begin', { journal: [...asked, ...did('start-post-copy')], ...copying }],
    ['the answer was lost', 'wait for post-copy to begin', { journal: [...asked, ...lost], ...copying }],
    [
      'the answer was lost a while ago',
      'act start-post-copy',
      { journal: [...asked, ...lost], ...copying, elapsed: { ...now, unchangedMs: 250 } },
    ],
    [
      'the answer was lost too often',
      'wait for post-copy to begin',
      { journal: [...asked, ...givenUp('start-post-copy', 'timeout')], ...copying, elapsed: stillFor(50_000) },
    ],
    [
      'one side reports it: the source',
      'note post-copy-entered',
      { journal: begun, source: answering('finish-migrate', 'postcopy-active'), destination: B.waiting },
    ],
    [
      'one side reports it: the destination',
      'note post-copy-entered',
      { journal: begun, source: A.stopped, destination: answering('running', 'postcopy-active') },
    ],
  ]);
});

describe('cancelling', () => {
  const cancelled = [...begun, cancel];
  const hung = [...cancelled, ...failed('cancel', 'timeout')];
  holds([
    ['its answer is outstanding', 'wait for cancel', { journal: [...cancelled, intended('cancel')], ...copying }],
    [
      'a predecessor’s may have been lost: it is sent again',
      'act cancel',
      { journal: [...cancelled, intended('cancel'), attached], ...copying },
    ],
    [
      'a predecessor’s was taken: it is not',
      'wait for the source to cancel',
      { journal: [...cancelled, ...did('cancel'), attached], ...copying },
    ],
    [
      'a stopped source that was pulled free is not robbed of its destination',
      'wait for the source to come back',
      {
        journal: [...hung, ...did('yank')],
        source: A.stopped,
        destination: B.waiting,
        elapsed: { ...now, unchangedMs: 5000 },
      },
    ],
    [
      'a guest that was paused before is one that runs: its source lets go of the destination',
      'act quit-destination',
      {
        journal: [...hung, ...did('yank')],
        source: answering('paused', 'active'),
        destination: B.waiting,
        plan: paused,
        elapsed: { ...now, unchangedMs: 5000 },
      },
    ],
    [
      'a stall of a source that runs',
      'note cancel-requested, reason stalled, by watchdog',
      { journal: [...begun, stalled], ...copying, elapsed: stillFor(31_000) },
    ],
  ]);
});

describe('going back', () => {
  const back = (...events: readonly JournalEvent[]): Situation => ({
    journal: [...begun, ...events, ...did('quit-destination')],
    source: A.failedRunning,
    destination: gone,
  });
  const oldCopy = 'wait for the source to run, which is postmigrate';
  holds([
    [
      'a source that runs is where the guest is, wherever it may have run',
      'end safe-on-source, guest source: migration-failed',
      back(sees('destination', B.running)),
    ],
    [
      'a stopped source that had reported completed is an old copy',
      oldCopy,
      { ...back(sees('source', A.completed)), source: A.failedStopped },
    ],
    [
      'a stopped source that may have been in post-copy is an old copy',
      oldCopy,
      { ...back(...failed('start-post-copy', 'timeout')), source: A.failedStopped },
    ],
    [
      'a guest that was paused before is where it was',
      'end safe-on-source, guest source: migration-failed',
      { ...back(), source: answering('paused', 'failed'), plan: paused },
    ],
    ['cancelled by name', 'end safe-on-source, guest source: operator', back(cancel)],
    [
      'a step that failed once it moved is not why',
      'end safe-on-source, guest source: migration-failed',
      back(...failed('yank')),
    ],
    [
      'nothing failed but the migration, begun by a manager that has died',
      'end safe-on-source, guest source: migration-failed',
      {
        journal: [...prepared, intended('migrate'), attached, ...did('quit-destination')],
        source: A.failedRunning,
        destination: gone,
      },
    ],
    [
      'a source that cannot be resumed is given up at once',
      'end stopped-on-source, guest stopped: migration-failed',
      { ...back(...givenUp('resume-source')), source: A.failedStopped },
    ],
  ]);
});

describe('removing the destination', () => {
  holds([
    [
      'it was never started: nothing to remove',
      'end lost, guest nowhere: source-died',
      { journal: did('migrate'), source: gone, destination: { kind: 'unasked' } },
    ],
    [
      'it is known, whatever became of its start',
      'act quit-destination',
      { journal: [...did('start-destination'), ...failed('start-destination')], ...idle },
    ],
    [
      'it may have been started, and was looked for',
      'end safe-on-source, guest source: step-failed',
      {
        journal: [...failed('start-destination', 'timeout'), ...did('quit-destination')],
        source: idle.source,
        destination: { kind: 'unasked' },
      },
    ],
    [
      'it may have been started, and could not be looked for',
      'end safe-on-source, guest source: destination-not-removed',
      {
        journal: [...failed('start-destination', 'timeout'), ...givenUp('quit-destination')],
        source: idle.source,
        destination: { kind: 'unasked' },
      },
    ],
    [
      'it cannot be: that is known at once',
      'end safe-on-source, guest source: destination-not-removed',
      { journal: [...begun, ...givenUp('quit-destination')], source: A.failedRunning, destination: unreachable },
    ],
  ]);
});

describe('the last word', () => {
  const path = plan.paths[0];
  const changed: readonly JournalEvent[] = path ? [{ kind: 'path-changed', by: 'ann', action: 'backup', path }] : [];
  holds([
    [
      'paths that were changed while it ran are put back',
      'act restore-paths',
      { journal: [...begun, ...changed, ...did('quit-destination')], source: A.failedRunning, destination: gone },
    ],
  ]);
});

describe('in post-copy', () => {
  const source = answering('finish-migrate', 'postcopy-active');
  const journal = [...begun, entered];
  const sourcePaused = answering('finish-migrate', 'postcopy-paused');
  const destinationPaused = answering('running', 'postcopy-paused');
  const asked: readonly JournalEvent[] = [...journal, { kind: 'recovery-requested', by: 'ann' }];
  const arriving = answering('paused', 'postcopy-active');
  const meeting = answering('running', 'postcopy-recover');
  holds([
    [
      'another program has resumed the source: nothing is touched',
      'end unknown, guest source: source-resumed',
      { journal, source: answering('running', 'failed'), destination: arriving },
    ],
    [
      'a source that was last seen to copy is not taken for one',
      'act resume-destination',
      { journal, source: A.running, destination: arriving },
    ],
    ['both have completed', 'note committed', { journal, source: A.completed, destination: B.running }],
    ['the destination alone has', 'wait for the source to complete', { journal, source, destination: B.running }],
    ['a guest that stands still is started', 'act resume-destination', { journal, source, destination: arriving }],
    [
      'a guest that was paused before is not',
      'wait for the rest of the memory',
      { journal, source, destination: arriving, plan: paused },
    ],
    [
      'a guest that stands still behind a broken connection is not',
      'act pause-post-copy',
      { journal, source, destination: answering('paused', 'postcopy-paused') },
    ],
    [
      'a guest that cannot be started gets its memory all the same',
      'wait for the rest of the memory',
      { journal: [...journal, ...givenUp('resume-destination')], source, destination: arriving },
    ],
    ['one side is paused: the destination', 'act pause-post-copy', { journal, source, destination: destinationPaused }],
    [
      'one side is paused, the other out of reach',
      'act pause-post-copy',
      { journal, source: unreachable, destination: destinationPaused },
    ],
    [
      'one side has not met the other yet',
      'wait for the rest of the memory',
      { journal: asked, source, destination: meeting },
    ],
    [
      'both meet, and it was not asked for',
      'wait for the rest of the memory',
      { journal, source: answering('finish-migrate', 'postcopy-recover'), destination: meeting },
    ],
    [
      'a second recovery is asked for',
      'act listen-for-recovery',
      {
        journal: [...asked, ...did('listen-for-recovery', 'recover'), { kind: 'recovery-requested', by: 'ann' }],
        source: sourcePaused,
        destination: destinationPaused,
      },
    ],
    [
      'the destination is about to listen',
      'wait for the destination to listen',
      { journal: [...asked, intended('listen-for-recovery')], source: sourcePaused, destination: destinationPaused },
    ],
    [
      'the source is about to continue',
      'wait for the source to continue',
      {
        journal: [...asked, ...did('listen-for-recovery'), intended('recover')],
        source: sourcePaused,
        destination: destinationPaused,
      },
    ],
  ]);
});

describe('the destination dies in post-copy', () => {
  const source = answering('finish-migrate', 'postcopy-active');
  const removed = [...begun, entered, ...did('quit-destination')];
  const lost = 'end lost, guest nowhere: destination-died-in-post-copy';
  holds([
    ['its words are kept', 'act quit-destination', { journal: [...begun, entered], source, destination: gone }],
    ['what is left on the source is ended', 'act quit-source', { journal: removed, source, destination: gone }],
    [
      'and then it is lost',
      lost,
      { journal: [...removed, ...did('quit-source')], source: unreachable, destination: gone },
    ],
    ['a source that is gone needs no end', lost, { journal: removed, source: gone, destination: gone }],
    ['a source that cannot be asked is left alone', lost, { journal: removed, source: silent, destination: gone }],
    [
      'a source that was last seen running is left alone',
      lost,
      { journal: removed, source: A.running, destination: gone, elapsed: { ...now, unchangedMs: 5000 } },
    ],
  ]);
});

describe('after the commit', () => {
  const committed: JournalEvent[] = [...begun, sees('source', A.completed), { kind: 'committed' }];
  holds([
    [
      'both are gone',
      'end lost, guest nowhere: destination-died-running',
      { journal: [...committed, ...did('quit-destination')], source: gone, destination: gone },
    ],
    [
      'a source that cannot be quit is given up at once',
      'end done-on-destination, guest destination: source-unverified',
      { journal: [...committed, ...givenUp('quit-source')], source: A.completed, destination: B.running },
    ],
  ]);
});

describe('the way back from a destination that never ran the guest', () => {
  const asked: JournalEvent = { kind: 'go-back-requested', by: 'ann' };
  const committed: JournalEvent[] = [...begun, sees('source', A.completed), { kind: 'committed' }];
  const journal = [...committed, ...givenUp('resume-destination'), attached, asked];
  const removed = [...journal, ...did('quit-destination')];
  const late = stillFor(60_001);
  holds([
    [
      'the destination is removed first',
      'act quit-destination',
      { journal, source: A.completed, destination: B.arrived },
    ],
    ['then the source resumes it', 'act resume-source', { journal: removed, source: A.completed, destination: gone }],
    [
      'a destination that died before it ran needs no more than that',
      'act quit-destination',
      { journal: [...begun, sees('source', A.completed), attached, asked], source: A.completed, destination: gone },
    ],
    [
      'the source is given time',
      'wait for the source to run, which is postmigrate',
      { journal: [...removed, ...did('resume-source')], source: A.completed, destination: gone },
    ],
    [
      'the source runs',
      'end safe-on-source, guest source: went-back',
      { journal: [...removed, ...did('resume-source')], source: answering('running', 'completed'), destination: gone },
    ],
    [
      'the source does not resume',
      'end stopped-on-source, guest stopped: source-does-not-resume',
      { journal: [...removed, ...did('resume-source')], source: A.completed, destination: gone, elapsed: late },
    ],
    [
      'the source refuses to resume',
      'end stopped-on-source, guest stopped: source-does-not-resume',
      { journal: [...removed, ...givenUp('resume-source')], source: A.completed, destination: gone },
    ],
    [
      'nothing is removed for a source that is gone',
      'act resume-destination',
      { journal, source: gone, destination: B.arrived },
    ],
    [
      'nor is the guest started by it without a commit',
      'wait for the destination to settle',
      {
        journal: [...begun, sees('source', A.completed), attached, asked],
        source: gone,
        destination: answering('paused', 'none'),
      },
    ],
    [
      'nothing is removed for a source that is silent',
      'wait for the source to answer',
      { journal, source: silent, destination: B.arrived },
    ],
    [
      'a source that stays out of reach ends it',
      'end unknown, guest unknown: source-unreachable',
      { journal, source: unreachable, destination: B.arrived, elapsed: late },
    ],
    [
      'no way leads back from a destination that may have run',
      'act quit-source',
      { journal: [...committed, ...did('resume-destination'), asked], source: A.completed, destination: B.running },
    ],
    [
      'nor for a guest that arrives paused',
      'act quit-source',
      { journal: [...committed, asked], source: A.completed, destination: B.arrived, plan: paused },
    ],
    ['nor before the guest has been handed over', 'wait for the copy', { journal: [...begun, asked], ...copying }],
  ]);
});

describe('the destination runs before it is due', () => {
  holds([
    [
      'the source has handed over, and the destination has not all of it',
      'wait for the source, while the destination runs already',
      { journal: begun, source: A.completed, destination: answering('running', 'active') },
    ],
    [
      'the destination has all of it, and the source has not reported it',
      'wait for the source, while the destination runs already',
      { journal: begun, source: A.stopped, destination: B.running },
    ],
  ]);
});
