import type {
  CancelReason,
  Explanation,
  GuestPlace,
  JournalEvent,
  Observation,
  Outcome,
  Side,
  StepName,
} from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import { explain, type Cause } from './explain.ts';
import { hasGoneBack, runs, says, statusOf } from './observation.ts';
import {
  hasArrived,
  hasFailed,
  isFinal,
  isPeerProven,
  isPostCopyPaused,
  lacksMptcp,
  mayBeInPostCopy,
  mayGoBack,
  mayPassGate,
  nothingElseHasIt,
  type MigrationState,
} from './state.ts';
import { reachablePath } from './step-context.ts';
import { preparatorySteps } from './step-table.ts';

/**
 * What to do next, decided from the journal's facts and what both QEMUs say now: a pure table without I/O. A healthy run,
 * a failure, a cancel and a manager that comes back after a crash all go through it, so there is no second road that is
 * only walked when something has gone wrong.
 */
export type Decision =
  | { readonly kind: 'act'; readonly step: StepName }
  /** Something has become true that must stand in the journal before anything follows from it. */
  | { readonly kind: 'note'; readonly event: JournalEvent }
  | { readonly kind: 'wait'; readonly waitingFor: string }
  | { readonly kind: 'end'; readonly outcome: Outcome; readonly guest: GuestPlace; readonly explanation?: Explanation };

/** Durations as of now; the reducer knows no clock. */
export interface Elapsed {
  /** Since the migration's bytes last moved, by the kernel's count or QEMU's. */
  readonly withoutProgressMs: Milliseconds;
  /** Since the source was first seen stopped, or stopped answering; 0 while it runs. */
  readonly sourceStoppedMs: Milliseconds;
  /** Since what was observed of either side last changed. */
  readonly unchangedMs: Milliseconds;
}

type Answer = Extract<Observation, { kind: 'answering' }>;

/** A source that is stopped may rest for this long without a byte moving before it is forced back (three downtime limits). */
export function switchoverLimitMs(state: MigrationState): Milliseconds {
  return Math.max(2000, 3 * state.plan.settings.downtimeLimitMs);
}

/** How long an answer that does not come is waited for before the record says that nothing is known. */
const patienceMs = 60_000;
/** A cancel that QEMU accepted ends within one buffer flush; a blocked main loop never ends it. */
const cancelPatienceMs = 3000;
/**
 * A connection that is not made after so long is given up where another path is left. The kernel asks again after one second
 * and after three, then without MPTCP.
 */
const connectPatienceMs = 4000;
/** What a destination still holds in its socket when its source dies is read within this; it may be the whole guest. */
const settlingMs = 3000;
/** For so long a source may wait, its guest stopped, for the proof that its peer is the destination. */
const provingMs = 2000;
/** A step that may be repeated is begun so often by one manager, with pauses that grow from a quarter of a second. */
const mostTries = 5;

const inProgress = new Set<string | undefined>([
  'setup',
  'active',
  'wait-unplug',
  'pre-switchover',
  'device',
  'cancelling',
]);

export function decide(state: MigrationState, elapsed: Elapsed): Decision {
  const decision = choose(state, elapsed);
  if (decision.kind !== 'end' || !isFinal(decision.outcome)) return decision;
  return restorePaths(state, elapsed) ?? decision;
}

/** Before the last entry, after which nothing is looked at again: both hosts get their MPTCP endpoints and limits back, if they can. */
function restorePaths(state: MigrationState, elapsed: Elapsed): Decision | undefined {
  if (state.steps['prepare-paths'] === undefined && Object.keys(state.changedPaths).length === 0) return undefined;
  const restored = attempt(state, 'restore-paths', elapsed);
  return typeof restored === 'string' ? undefined : restored;
}

function choose(state: MigrationState, elapsed: Elapsed): Decision {
  if (state.ended) return { kind: 'wait', waitingFor: 'nothing: it has ended' };
  const unseen = sideToSee(state);
  if (unseen) {
    if (!nothingSent(state) || elapsed.unchangedMs <= patienceMs) return wait(`the ${unseen} to answer`);
    return cancelFor('silent-before-start', 'watchdog');
  }
  if (runs(state.observed.source) && runs(state.observed.destination))
    return end(state, 'unknown', 'unknown', 'split-brain');
  // Without a source that can take the guest back, the destination keeps it.
  if (state.goBackRequested && mayGoBack(state) && state.observed.source.kind !== 'gone') {
    return returnToSource(state, elapsed);
  }
  if (state.committed) return afterCommit(state, elapsed);
  if (state.postCopy.entered) return inPostCopy(state, elapsed);
  if (Object.values(state.observed).some((each) => statusOf(each)?.startsWith('postcopy-')))
    return note({ kind: 'post-copy-entered' });
  if (runs(state.observed.destination)) return resumedElsewhere(state, elapsed);
  return hasBegun(state) ? underWay(state, elapsed) : beforeMigrate(state, elapsed);
}

/**
 * The side without whose answer nothing can be decided. To take back what has not begun needs none: then nothing hangs on
 * what either side would say.
 */
function sideToSee(state: MigrationState): Side | undefined {
  if ((state.cancel || state.failure) && nothingSent(state)) return undefined;
  if (isOutdated(state, 'source')) return 'source';
  return state.destination && isOutdated(state, 'destination') ? 'destination' : undefined;
}

/** By the manager's own knowledge: a successor has only a journal, which may lack what was done last. */
function nothingSent({ attached, committed, postCopy, steps: { migrate } }: MigrationState): boolean {
  return !attached && !committed && !postCopy.entered && (migrate === undefined || migrate === 'failed');
}

/**
 * By the journal; or by the source's own word, should the journal have lost it: what moves must not be taken for what waits.
 * A migration that was under way before this one, or although `migrate` was refused, is another program's.
 */
function hasBegun({ attached, steps: { migrate }, observed: { source } }: MigrationState): boolean {
  if (migrate !== undefined) return migrate !== 'failed';
  return attached && inProgress.has(statusOf(source));
}

/** Nothing has been sent: every way back is to remove the destination, the source was never touched. */
function beforeMigrate(state: MigrationState, elapsed: Elapsed): Decision {
  const { source, destination } = state.observed;
  if (source.kind === 'gone') return removeDestinationThen(state, elapsed, () => lost(state));
  if (state.attached && !state.cancel && !state.failure) return cancelFor('attached-before-start', 'switchyard');
  if (state.cancel || state.failure || destination.kind === 'gone') {
    const cause = state.cancel || state.failure ? causeOf(state) : 'destination-died-before-start';
    return removeDestinationThen(state, elapsed, () => end(state, 'safe-on-source', 'source', cause));
  }
  // Known before `migrate` only where the connection is made beforehand.
  if (state.plan.settings.mptcp === 'require' && state.negotiated?.protocol === 'tcp') {
    return cancelFor('mptcp-required', 'policy');
  }
  for (const step of preparatorySteps(state.plan)) {
    const progress = state.steps[step];
    if (progress === undefined) return act(step);
    if (progress !== 'done') return wait(step);
  }
  return act('migrate');
}

/** `migrate` was sent, or may have been: the source's own status shows what is true. */
function underWay(state: MigrationState, elapsed: Elapsed): Decision {
  const { source } = state.observed;
  switch (source.kind) {
    case 'gone':
      return sourceGone(state, elapsed);
    case 'unasked':
    case 'unreachable':
    case 'silent':
      return sourceUnseen(state, source.kind, elapsed);
    case 'answering':
      return sourceAnswers(state, source, elapsed);
  }
}

function sourceAnswers(state: MigrationState, source: Answer, elapsed: Elapsed): Decision {
  if (source.migration === 'completed') return sourceCompleted(state, elapsed);
  if (connectionFailed(state, source)) return note(pathFailed(state));
  if (hasGoneBack(source)) return goBack(state, source, elapsed);
  if (inProgress.has(source.migration)) return inFlight(state, source, elapsed);
  if (source.migration === 'none') return neverBegan(state, elapsed);
  return state.observed.destination.kind === 'gone' && elapsed.unchangedMs > patienceMs
    ? end(state, 'unknown', 'unknown', 'unknown-status')
    : wait(`the source, whose status is ${source.migration}`);
}

function sourceUnseen(state: MigrationState, kind: 'unasked' | 'unreachable' | 'silent', elapsed: Elapsed): Decision {
  // It has given its word, and it cannot take it back.
  if (state.sourceCompleted && says(state.observed.destination, 'completed')) return note({ kind: 'committed' });
  if (kind === 'silent' && !state.sourceCompleted && !mayBeInPostCopy(state)) {
    // A cancel that it has not taken in time waits behind a main loop that waits for the network.
    const { cancel } = state.steps;
    if (cancel === 'uncertain' || cancel === 'failed') return pullFree(state, elapsed);
    return elapsed.withoutProgressMs > switchoverLimitMs(state)
      ? forceBack(state, elapsed)
      : wait('the source QEMU to answer');
  }
  if (elapsed.unchangedMs > patienceMs) return end(state, 'unknown', 'unknown', 'source-unreachable');
  return wait(kind === 'silent' ? 'the source QEMU to answer' : 'the source host');
}

function neverBegan(state: MigrationState, elapsed: Elapsed): Decision {
  const { migrate } = state.steps;
  if (migrate === 'intended') return wait('migrate');
  if (migrate === 'done' && elapsed.unchangedMs < cancelPatienceMs) return wait('the source to begin');
  // No answer was lost: an earlier manager wrote its intent and died.
  if (migrate === 'uncertain' && !state.cancel && !state.failure) {
    return cancelFor('attached-before-start', 'switchyard');
  }
  return removeDestinationThen(state, elapsed, () => end(state, 'safe-on-source', 'source', causeOf(state)));
}

function inFlight(state: MigrationState, source: Answer, elapsed: Elapsed): Decision {
  const { settings, guestWasRunning } = state.plan;
  const stopped = guestWasRunning && source.run !== 'running';
  const limitMs = switchoverLimitMs(state);
  if (mayBeInPostCopy(state)) {
    // What it reports now may be past: a cancel that meets post-copy would lose the guest.
    const passed = says(source, 'pre-switchover') ? attempt(state, 'switch-over', elapsed) : 'done';
    if (typeof passed !== 'string') return passed;
    const started = attempt(state, 'start-post-copy', elapsed);
    return typeof started === 'string' || started.kind === 'wait' ? wait('post-copy to begin') : started;
  }
  if (says(source, 'pre-switchover')) {
    const held = atGate(state, elapsed);
    if (held) return held;
  } else if (state.peer?.kind === 'peer-foreign' && !state.cancel) return cancelFor('peer-not-proven', 'switchyard');
  if (stopped && elapsed.withoutProgressMs > limitMs && elapsed.sourceStoppedMs > limitMs) {
    return forceBack(state, elapsed);
  }
  if (state.cancel && !isOverruled(state)) return cancelling(state, elapsed);
  if (lacksMptcp(state)) return cancelFor('mptcp-required', 'policy');
  if (elapsed.withoutProgressMs > settings.stallLimitMs) return forceBack(state, elapsed);
  if (source.migration === 'setup' && elapsed.withoutProgressMs > connectPatienceMs && hasNextPath(state)) {
    const hungUp = attempt(state, 'hang-up', elapsed);
    if (typeof hungUp !== 'string') return hungUp;
  }
  if (state.postCopy.requested && isPeerProven(state) && source.migration === 'active' && !stopped) {
    const started = attempt(state, 'start-post-copy', elapsed);
    if (typeof started !== 'string') return started;
  }
  return wait('the copy');
}

/** What the watchdog took for a stall was a source that waited for its manager: it has been allowed to go on since. */
function isOverruled({ cancel, steps }: MigrationState): boolean {
  return cancel?.reason === 'stalled' && steps.cancel !== 'done' && steps['switch-over'] === 'done';
}

/** The source has stopped its guest and sent all but the rest: it leaves only towards a peer that is proven. */
function atGate(state: MigrationState, elapsed: Elapsed): Decision | undefined {
  if (mayPassGate(state)) {
    const passed = attempt(state, 'switch-over', elapsed);
    return typeof passed === 'string' ? undefined : passed;
  }
  // Out of band nothing reaches it here: it waits for a word in band, and for no network.
  if (state.cancel) {
    const cancelled = attempt(state, 'cancel', elapsed);
    return typeof cancelled === 'string' ? cancelling(state, elapsed) : cancelled;
  }
  if (lacksMptcp(state)) return cancelFor('mptcp-required', 'policy');
  return state.peer || elapsed.unchangedMs > provingMs
    ? cancelFor('peer-not-proven', 'switchyard')
    : wait('the proof that the destination receives');
}

/**
 * The source could not connect, and the destination waits as before: another path may lead there. By the destination's own
 * report it has not had a connection, so it can take one; a successor, which has not seen that, leaves it.
 */
function connectionFailed(state: MigrationState, source: Answer): boolean {
  const { attached, steps, observed } = state;
  const isOurs = steps.migrate === 'done' && !attached && !state.cancel && !state.peer;
  return (
    isOurs &&
    source.migration === 'failed' &&
    sourceRuns(state) &&
    isUntouched(observed.destination) &&
    hasNextPath(state)
  );
}

function isUntouched(destination: Observation): boolean {
  return destination.kind === 'answering' && destination.run === 'inmigrate' && destination.migration === 'none';
}

/** One that has not failed, and that the listener of the first can hear. */
function hasNextPath(state: MigrationState): boolean {
  const [first, next] = state.plan.paths;
  if (state.negotiated || !first || !next || hasFailed(state, next)) return false;
  return first.destinationAddress.includes(':') === next.destinationAddress.includes(':');
}

function pathFailed(state: MigrationState): JournalEvent {
  const path = reachablePath({ state });
  return { kind: 'path-failed', path, seen: 'connection', why: state.sourceErrorText ?? 'QEMU gave no reason.' };
}

function cancelling(state: MigrationState, elapsed: Elapsed): Decision {
  const { cancel } = state.steps;
  if (cancel !== 'done' && state.tries.cancel === undefined) return act('cancel');
  if (cancel === 'intended') return wait('cancel');
  const hangs =
    cancel !== 'done' || (elapsed.unchangedMs > cancelPatienceMs && elapsed.withoutProgressMs > cancelPatienceMs);
  if (!hangs) return wait('the source to cancel');
  return sourceRuns(state) ? abandon(state, elapsed) : pullFree(state, elapsed);
}

/**
 * Where neither QEMU nor the kernel breaks the connection, QEMU waits until the kernel gives it up, which takes minutes. Its
 * guest runs meanwhile, and without a destination the connection leads nowhere.
 */
function abandon(state: MigrationState, elapsed: Elapsed): Decision {
  const yanked = attempt(state, 'yank', elapsed);
  if (typeof yanked !== 'string') return yanked;
  if (elapsed.unchangedMs <= cancelPatienceMs) return wait('the source to come back');
  return removeDestinationThen(state, elapsed, () => end(state, 'safe-on-source', 'source', 'cancel-hangs'));
}

/** Bytes have stopped: written down, then cancelled, in band where the source still runs; else it is pulled free. */
function forceBack(state: MigrationState, elapsed: Elapsed): Decision {
  const { source } = state.observed;
  if (!state.stalled) {
    const guest = source.kind !== 'answering' ? 'unknown' : runs(source) ? 'source' : 'stopped';
    return note({ kind: 'stalled', forMs: Math.round(elapsed.withoutProgressMs), guest });
  }
  if (!state.cancel) return cancelFor('stalled', 'watchdog');
  return pullFree(state, elapsed);
}

/** Out of band, so that it reaches also a QEMU whose main loop waits for the network. */
function pullFree(state: MigrationState, elapsed: Elapsed): Decision {
  const yanked = attempt(state, 'yank', elapsed);
  if (typeof yanked !== 'string') return yanked;
  return elapsed.unchangedMs > patienceMs
    ? end(state, 'unknown', 'unknown', 'cancel-hangs')
    : wait('the source to come back');
}

function goBack(state: MigrationState, source: Answer, elapsed: Elapsed): Decision {
  if (source.run !== 'running' && mayHaveRunElsewhere(state)) {
    if (elapsed.unchangedMs <= settlingMs) return wait(`the source to run, which is ${source.run}`);
    return state.sourceCompleted && !hasArrived(state)
      ? end(state, 'unknown', 'unknown', 'never-received')
      : end(state, 'unknown', 'stopped', 'old-copy');
  }
  return removeDestinationThen(state, elapsed, () => {
    if (sourceRuns(state)) return end(state, 'safe-on-source', 'source', causeOf(state));
    if (!nothingElseHasIt(state)) {
      return elapsed.unchangedMs > settlingMs
        ? end(state, 'unknown', 'unknown', 'never-received')
        : wait(`the source to run, which is ${source.run}`);
    }
    const resumed = attempt(state, 'resume-source', elapsed);
    if (typeof resumed !== 'string') return resumed;
    return resumed === 'given-up' || elapsed.unchangedMs > patienceMs
      ? end(state, 'stopped-on-source', 'stopped', causeOf(state))
      : wait(`the source to run, which is ${source.run}`);
  });
}

function sourceCompleted(state: MigrationState, elapsed: Elapsed): Decision {
  const { destination } = state.observed;
  if (destination.kind === 'gone') {
    return hasArrived(state) ? stoppedOnSource(state, elapsed) : end(state, 'unknown', 'unknown', 'never-received');
  }
  if (says(destination, 'completed')) return note({ kind: 'committed' });
  if (elapsed.unchangedMs <= patienceMs) return wait('the destination to complete');
  if (!hasArrived(state)) return end(state, 'unknown', 'unknown', 'never-received');
  const cause = destination.kind === 'answering' ? 'destination-incomplete' : 'destination-unreachable';
  return end(state, 'unknown', 'unknown', cause);
}

/** The destination ended with the guest in its hands before it ran there: what the source holds is the newest. */
function stoppedOnSource(state: MigrationState, elapsed: Elapsed): Decision {
  return removeDestinationThen(state, elapsed, () => end(state, 'stopped-on-source', 'stopped', 'destination-died'));
}

/**
 * The guest belongs to the destination and its memory is on both sides: neither may be lost, nothing may be cancelled. A
 * broken connection is recovered by the operator; until then the guest stops at the first page that it lacks.
 */
function inPostCopy(state: MigrationState, elapsed: Elapsed): Decision {
  const { source, destination } = state.observed;
  // Where it still copies, it was last seen before post-copy began.
  if (runs(source) && !says(source, 'active')) return end(state, 'unknown', 'source', 'source-resumed');
  switch (destination.kind) {
    case 'gone':
      return lostInPostCopy(state, elapsed);
    case 'answering':
      return onDestination(state, destination, elapsed);
    case 'unasked':
    case 'silent':
    case 'unreachable':
      return elapsed.unchangedMs > patienceMs
        ? end(state, 'unknown', 'unknown', 'destination-unreachable')
        : wait('the destination to answer');
  }
}

function onDestination(state: MigrationState, destination: Answer, elapsed: Elapsed): Decision {
  const { source } = state.observed;
  if (destination.migration === 'completed') {
    if (says(source, 'completed') || source.kind === 'gone') return note({ kind: 'committed' });
    return elapsed.unchangedMs > patienceMs
      ? end(state, 'done-on-destination', 'destination', 'source-unverified')
      : wait('the source to complete');
  }
  if (source.kind === 'gone') {
    // What it has sent may still be under way, and may be all that lacked.
    return destination.migration !== 'postcopy-paused' && elapsed.unchangedMs <= settlingMs
      ? wait('the destination to settle')
      : end(state, 'lost', 'stopped', 'source-died-in-post-copy');
  }
  if (state.plan.guestWasRunning && destination.run !== 'running' && destination.migration === 'postcopy-active') {
    const resumed = attempt(state, 'resume-destination', elapsed);
    if (typeof resumed !== 'string') return resumed;
  }
  // Cut off while they met, they meet when the network works again: what was lost is sent again at growing intervals.
  const meet = Object.values(state.observed).every((each) => says(each, 'postcopy-recover'));
  if (meet && state.postCopy.recover && elapsed.unchangedMs <= patienceMs) return wait('both sides to meet');
  return isPostCopyPaused(state) ? pausedInPostCopy(state, elapsed) : copyingInPostCopy(state, elapsed);
}

function lostInPostCopy(state: MigrationState, elapsed: Elapsed): Decision {
  const { source } = state.observed;
  if (runs(source) && elapsed.unchangedMs <= settlingMs) return wait('the source, whose destination is gone');
  return removeDestinationThen(state, elapsed, () => {
    const quit = source.kind === 'answering' && !runs(source) ? attempt(state, 'quit-source', elapsed) : 'given-up';
    return typeof quit === 'string' ? end(state, 'lost', 'nowhere', 'destination-died-in-post-copy') : quit;
  });
}

/** QEMU does not notice a dead network: without progress both sides are sent `migrate-pause`, so that they can be recovered. */
function copyingInPostCopy(state: MigrationState, elapsed: Elapsed): Decision {
  const forMs = elapsed.withoutProgressMs;
  if (forMs <= state.plan.settings.stallLimitMs) return wait('the rest of the memory');
  return state.stalled
    ? pausePostCopy(state, elapsed)
    : note({ kind: 'stalled', forMs: Math.round(forMs), guest: 'destination' });
}

function pausedInPostCopy(state: MigrationState, elapsed: Elapsed): Decision {
  const { recover, 'listen-for-recovery': listening } = state.steps;
  // Both report it until they have met, and neither must be disturbed at that.
  if (recover === 'done' && !state.postCopy.recover && elapsed.unchangedMs < settlingMs) {
    return wait('the source to continue');
  }
  const both = Object.values(state.observed).every((each) => says(each, 'postcopy-paused'));
  if (!both) return pausePostCopy(state, elapsed);
  if (!state.postCopy.recover) return end(state, 'paused-recoverable', 'destination', 'post-copy-paused');
  if (listening !== 'done')
    return listening === 'intended' ? wait('the destination to listen') : act('listen-for-recovery');
  return recover === 'intended' ? wait('the source to continue') : act('recover');
}

function pausePostCopy(state: MigrationState, elapsed: Elapsed): Decision {
  if (state.steps['pause-post-copy'] === 'done') {
    return elapsed.unchangedMs > settlingMs
      ? end(state, 'paused-recoverable', 'destination', 'post-copy-paused')
      : wait('both sides to pause');
  }
  const paused = attempt(state, 'pause-post-copy', elapsed);
  return typeof paused === 'string' ? end(state, 'paused-recoverable', 'destination', 'post-copy-paused') : paused;
}

/** Both sides hold the whole guest; from here it runs on the destination or nowhere. */
function afterCommit(state: MigrationState, elapsed: Elapsed): Decision {
  const { source, destination } = state.observed;
  if (runs(source)) return end(state, 'unknown', 'source', 'source-resumed');
  switch (destination.kind) {
    case 'gone':
      return state.mayHaveRunOnDestination || source.kind === 'gone'
        ? removeDestinationThen(state, elapsed, () => end(state, 'lost', 'nowhere', 'destination-died-running'))
        : stoppedOnSource(state, elapsed);
    case 'unasked':
    case 'silent':
    case 'unreachable':
      return elapsed.unchangedMs > patienceMs
        ? end(state, 'unknown', 'unknown', 'destination-unreachable')
        : wait('the destination to answer');
    case 'answering':
      return handOver(state, destination, elapsed);
  }
}

function handOver(state: MigrationState, destination: Answer, elapsed: Elapsed): Decision {
  if (state.plan.guestWasRunning && destination.run !== 'running') {
    const resumed = attempt(state, 'resume-destination', elapsed);
    if (typeof resumed !== 'string') return resumed;
    return resumed === 'given-up' || elapsed.unchangedMs > patienceMs
      ? end(
          state,
          'paused-recoverable',
          'stopped',
          mayGoBack(state) ? 'destination-refuses-to-run' : 'destination-does-not-run',
        )
      : wait('the destination to run');
  }
  return removeSource(state, elapsed);
}

/**
 * The operator's way back from a destination that never ran the guest: it is proven gone before the source is
 * sent `cont`.
 */
function returnToSource(state: MigrationState, elapsed: Elapsed): Decision {
  const { source } = state.observed;
  if (source.kind !== 'answering') {
    return elapsed.unchangedMs > patienceMs
      ? end(state, 'unknown', 'unknown', 'source-unreachable')
      : wait('the source to answer');
  }
  return removeDestinationThen(state, elapsed, () => {
    if (runs(source)) return end(state, 'safe-on-source', 'source', 'went-back');
    const resumed = attempt(state, 'resume-source', elapsed);
    if (typeof resumed !== 'string') return resumed;
    return resumed === 'given-up' || elapsed.unchangedMs > patienceMs
      ? end(state, 'stopped-on-source', 'stopped', 'source-does-not-resume')
      : wait(`the source to run, which is ${source.run}`);
  });
}

function removeSource(state: MigrationState, elapsed: Elapsed): Decision {
  const { source } = state.observed;
  if (source.kind === 'unreachable') {
    return elapsed.unchangedMs > patienceMs
      ? end(state, 'done-on-destination', 'destination', 'source-unverified')
      : wait('the source to be quit');
  }
  const quit = attempt(state, 'quit-source', elapsed);
  if (typeof quit !== 'string') return quit;
  if (source.kind === 'gone') return end(state, 'done-on-destination', 'destination');
  return quit === 'given-up' || elapsed.unchangedMs > patienceMs
    ? end(state, 'done-on-destination', 'destination', 'source-unverified')
    : wait('the source to be gone');
}

function sourceGone(state: MigrationState, elapsed: Elapsed): Decision {
  const { destination } = state.observed;
  switch (destination.kind) {
    case 'silent':
    case 'unreachable':
      return elapsed.unchangedMs > patienceMs
        ? end(state, 'unknown', 'unknown', 'destination-unreachable')
        : wait('the destination');
    case 'answering':
      if (destination.migration !== 'completed') {
        return elapsed.unchangedMs < settlingMs
          ? wait('the destination to settle')
          : removeDestinationThen(state, elapsed, () => lost(state));
      }
      // It holds all that was sent. Where the source never said that it had given the guest up, it may have run on and
      // written to its disks before it died: only a person can weigh that.
      return state.sourceCompleted
        ? note({ kind: 'committed' })
        : end(state, 'paused-recoverable', 'stopped', 'source-died-before-commit');
    case 'unasked':
    case 'gone':
      return removeDestinationThen(state, elapsed, () => lost(state));
  }
}

/** Another program sent `cont` to the destination before it was due. The guest runs there now, and no other copy may run. */
function resumedElsewhere(state: MigrationState, elapsed: Elapsed): Decision {
  const { source, destination } = state.observed;
  if (says(source, 'completed') && says(destination, 'completed')) return note({ kind: 'committed' });
  if (source.kind === 'gone') return end(state, 'done-on-destination', 'destination');
  if (elapsed.unchangedMs <= patienceMs) return wait('the source, while the destination runs already');
  return source.kind === 'answering'
    ? end(state, 'unknown', 'destination', 'destination-resumed')
    : end(state, 'done-on-destination', 'destination', 'source-unverified');
}

/** Runs `then` once the destination is proven gone, and its output has been kept. */
function removeDestinationThen(state: MigrationState, elapsed: Elapsed, then: () => Decision): Decision {
  const start = state.steps['start-destination'];
  if (start === undefined || (start === 'failed' && !state.destination)) return then();
  const removed = attempt(state, 'quit-destination', elapsed);
  if (typeof removed !== 'string') return removed;
  const gone = state.destination ? state.observed.destination.kind === 'gone' : removed === 'done';
  if (gone) return then();
  if (removed === 'done' && elapsed.unchangedMs <= patienceMs) return wait('the destination to be gone');
  return sourceRuns(state)
    ? end(state, 'safe-on-source', 'source', 'destination-not-removed')
    : end(state, 'unknown', 'unknown', 'destination-not-removed');
}

/** A step that may be repeated, begun again as long as it fails. */
function attempt(state: MigrationState, step: StepName, elapsed: Elapsed): Decision | 'done' | 'given-up' {
  const progress = state.steps[step];
  const tries = state.tries[step] ?? 0;
  if (progress === 'done') return 'done';
  if (progress === 'intended') return wait(`the answer to ${step}`);
  if (tries >= mostTries) return 'given-up';
  return tries === 0 || elapsed.unchangedMs >= pauseAfterMs(state, step, tries)
    ? act(step)
    : wait(`another try to ${step}`);
}

/**
 * What got no answer, or belongs to a host that is busy, is given time. A destination that answers and refuses `cont` is
 * another matter: its guest stands still, a lock that passes does so in a second or two, and for what stays only the operator
 * has a way out, which is offered when the record ends.
 */
function pauseAfterMs({ steps }: MigrationState, step: StepName, tries: number): Milliseconds {
  const growth = step === 'resume-destination' && steps[step] === 'failed' ? 2 : 4;
  return 250 * growth ** (tries - 1);
}

/** A process that is gone stays so, and is not looked at again. */
function isOutdated({ current, observed }: MigrationState, side: Side): boolean {
  return !current[side] && observed[side].kind !== 'gone';
}

/** Then the copy on the source is an old one, and what the destination holds must not be taken away from it. */
function mayHaveRunElsewhere(state: MigrationState): boolean {
  return state.mayHaveRunOnDestination || state.sourceCompleted || mayBeInPostCopy(state);
}

function sourceRuns(state: MigrationState): boolean {
  const { source } = state.observed;
  return runs(source) || (source.kind === 'answering' && !state.plan.guestWasRunning);
}

function causeOf(state: MigrationState): Cause {
  if (state.cancel) return state.cancel.reason;
  return state.failure && state.steps.migrate !== 'done' ? 'step-failed' : 'migration-failed';
}

function lost(state: MigrationState): Decision {
  return end(state, 'lost', 'nowhere', state.guestShutDown ? 'guest-shut-down' : 'source-died');
}

function cancelFor(reason: CancelReason, by: string): Decision {
  return note({ kind: 'cancel-requested', reason, by });
}

function act(step: StepName): Decision {
  return { kind: 'act', step };
}

function note(event: JournalEvent): Decision {
  return { kind: 'note', event };
}

function wait(waitingFor: string): Decision {
  return { kind: 'wait', waitingFor };
}

function end(state: MigrationState, outcome: Outcome, guest: GuestPlace, cause?: Cause): Decision {
  return cause === undefined
    ? { kind: 'end', outcome, guest }
    : { kind: 'end', outcome, guest, explanation: explain(state, cause, guest) };
}
