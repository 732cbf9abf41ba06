import type { Explanation, GuestPlace, JournalEvent, Observation, Outcome, StepName } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import { explain, type Cause } from './explain.ts';
import type { MigrationState } from './state.ts';

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

/** How long an answer that does not come is waited for before the operator is told that nothing is known. */
const patienceMs = 60_000;
/** A cancel that QEMU accepted ends within one buffer flush; a blocked main loop never ends it. */
const cancelPatienceMs = 3000;

const inProgress = new Set(['setup', 'active', 'wait-unplug', 'pre-switchover', 'device', 'cancelling']);
const goneBack = new Set(['failed', 'cancelled']);

export function decide(state: MigrationState, elapsed: Elapsed): Decision {
  if (state.ended) return { kind: 'wait', waitingFor: 'nothing: it has ended' };
  const { source, destination } = state.observed;
  if (source.kind === 'unasked') return wait('the source to answer');
  if (state.destination && destination.kind === 'unasked') return wait('the destination to answer');
  if (bothRun(state)) return end(state, 'unknown', 'unknown', 'split-brain');
  if (state.committed) return afterCommit(state, elapsed);
  if (state.steps.migrate === undefined) return beforeMigrate(state);
  return underWay(state, elapsed);
}

/** Nothing has been sent yet: every way back is to remove the destination, the source was never touched. */
function beforeMigrate(state: MigrationState): Decision {
  const { source, destination } = state.observed;
  if (source.kind === 'gone') return removeDestinationThen(state, () => end(state, 'lost', 'nowhere', 'source-died'));
  if (state.attached && !state.cancel)
    return note({ kind: 'cancel-requested', reason: 'attached-before-start', by: 'switchyard' });
  if (state.cancel || state.failure || destination.kind === 'gone') {
    return removeDestinationThen(state, () => end(state, 'safe-on-source', 'source', causeOf(state)));
  }
  for (const step of ['start-destination', 'negotiate-capabilities', 'listen', 'migrate'] as const) {
    const progress = state.steps[step];
    if (progress === undefined) return act(step);
    if (progress !== 'done') return wait(step);
  }
  return wait('migrate');
}

/** `migrate` was sent, or may have been: the source's own status says what is true. */
function underWay(state: MigrationState, elapsed: Elapsed): Decision {
  const { source, destination } = state.observed;
  switch (source.kind) {
    case 'unasked':
      return wait('the source to answer');
    case 'gone':
      return sourceGone(state, elapsed);
    case 'unreachable':
      return elapsed.unchangedMs > patienceMs
        ? end(state, 'unknown', 'unknown', 'source-unreachable')
        : wait('the source host');
    case 'silent':
      return elapsed.withoutProgressMs > switchoverLimitMs(state)
        ? forceBack(state, elapsed)
        : wait('the source QEMU to answer');
    case 'answering':
      break;
  }
  if (source.migration === 'completed') return sourceCompleted(state, elapsed);
  if (goneBack.has(source.migration)) return goBack(state, source);
  if (inProgress.has(source.migration)) return inFlight(state, source, elapsed);
  if (source.migration === 'none') {
    if (state.steps.migrate === 'intended') return wait('migrate');
    if (state.steps.migrate === 'done' && !state.failure && elapsed.unchangedMs < cancelPatienceMs)
      return wait('the source to begin');
    return removeDestinationThen(state, () => end(state, 'safe-on-source', 'source', causeOf(state)));
  }
  return destination.kind === 'gone' && elapsed.unchangedMs > patienceMs
    ? end(state, 'unknown', 'unknown', 'unknown-status')
    : wait(`the source, whose status is ${source.migration}`);
}

function inFlight(state: MigrationState, source: Answer, elapsed: Elapsed): Decision {
  const stopped = state.plan.guestWasRunning && source.run !== 'running';
  if (
    stopped &&
    elapsed.withoutProgressMs > switchoverLimitMs(state) &&
    elapsed.sourceStoppedMs > switchoverLimitMs(state)
  ) {
    return forceBack(state, elapsed);
  }
  if (state.cancel) return cancelling(state, source, elapsed);
  if (state.plan.settings.mptcp === 'require' && state.negotiated?.protocol === 'tcp') {
    return note({ kind: 'cancel-requested', reason: 'mptcp-required', by: 'policy' });
  }
  if (elapsed.withoutProgressMs > state.plan.settings.stallLimitMs) return forceBack(state, elapsed);
  return wait('the copy');
}

function cancelling(state: MigrationState, source: Answer, elapsed: Elapsed): Decision {
  const cancelStep = state.steps.cancel;
  if (cancelStep === undefined || cancelStep === 'uncertain') return act('cancel');
  if (cancelStep === 'intended') return wait('cancel');
  const hangs =
    cancelStep === 'failed' || (elapsed.unchangedMs > cancelPatienceMs && elapsed.withoutProgressMs > cancelPatienceMs);
  if (hangs && state.steps.yank === undefined) return act('yank');
  return hangs && elapsed.unchangedMs > patienceMs
    ? end(state, 'unknown', source.run === 'running' ? 'source' : 'unknown', 'cancel-hangs')
    : wait('the source to cancel');
}

/** Bytes have stopped: written down, then cancelled; a source that may be stopped is pulled free out of band. */
function forceBack(state: MigrationState, elapsed: Elapsed): Decision {
  const { source } = state.observed;
  const runs = source.kind === 'answering' && source.run === 'running';
  if (!state.stalled) {
    return note({ kind: 'stalled', forMs: Math.round(elapsed.withoutProgressMs), guest: runs ? 'source' : 'stopped' });
  }
  if (!state.cancel) return note({ kind: 'cancel-requested', reason: 'stalled', by: 'watchdog' });
  if (runs) return cancelling(state, source, elapsed);
  const yank = state.steps.yank;
  if (yank === undefined || yank === 'uncertain') return act('yank');
  return elapsed.unchangedMs > patienceMs
    ? end(state, 'unknown', 'unknown', 'cancel-hangs')
    : wait('the source to come back');
}

function goBack(state: MigrationState, source: Answer): Decision {
  return removeDestinationThen(state, () => {
    if (source.run === 'running' || !state.plan.guestWasRunning)
      return end(state, 'safe-on-source', 'source', causeOf(state));
    const resume = state.steps['resume-source'];
    if (resume === undefined || resume === 'uncertain') return act('resume-source');
    if (resume === 'failed') return end(state, 'stopped-on-source', 'stopped', causeOf(state));
    return wait('the source to run');
  });
}

function sourceCompleted(state: MigrationState, elapsed: Elapsed): Decision {
  const { destination } = state.observed;
  switch (destination.kind) {
    case 'gone':
      return end(state, 'stopped-on-source', 'stopped', 'destination-died');
    case 'answering':
      if (destination.migration === 'completed') return note({ kind: 'committed' });
      break;
    case 'unasked':
    case 'silent':
    case 'unreachable':
      break;
  }
  return elapsed.unchangedMs > patienceMs
    ? end(state, 'unknown', 'unknown', 'destination-unreachable')
    : wait('the destination to complete');
}

/** Both sides hold the whole guest; from here it runs on the destination or nowhere. */
function afterCommit(state: MigrationState, elapsed: Elapsed): Decision {
  const { source, destination } = state.observed;
  const resume = state.steps['resume-destination'];
  switch (destination.kind) {
    case 'unasked':
      return wait('the destination to answer');
    case 'gone':
      if (state.steps['quit-source'] === 'done') return end(state, 'lost', 'nowhere', 'destination-died-running');
      return resume === 'done' || wasSeenRunning(state)
        ? end(state, 'lost', 'nowhere', 'destination-died-running')
        : end(state, 'stopped-on-source', 'stopped', 'destination-died');
    case 'silent':
    case 'unreachable':
      return elapsed.unchangedMs > patienceMs
        ? end(state, 'unknown', 'unknown', 'destination-unreachable')
        : wait('the destination to answer');
    case 'answering':
      break;
  }
  if (state.plan.guestWasRunning && destination.run !== 'running') {
    if (resume === 'intended') return wait('the destination to run');
    if (resume === 'failed' || (resume === 'done' && elapsed.unchangedMs > patienceMs)) {
      return end(state, 'paused-recoverable', 'stopped', 'destination-does-not-run');
    }
    return resume === 'done' ? wait('the destination to run') : act('resume-destination');
  }
  if (source.kind === 'unreachable' || source.kind === 'silent') {
    return elapsed.unchangedMs > patienceMs
      ? end(state, 'done-on-destination', 'destination', 'source-unverified')
      : wait('the source to be quit');
  }
  const quit = state.steps['quit-source'];
  if (source.kind === 'gone') return end(state, 'done-on-destination', 'destination');
  if (quit === undefined || quit === 'uncertain') return act('quit-source');
  if (quit === 'failed') return end(state, 'done-on-destination', 'destination', 'source-unverified');
  return wait('the source to be gone');
}

function sourceGone(state: MigrationState, elapsed: Elapsed): Decision {
  const { destination } = state.observed;
  if (destination.kind === 'answering' && destination.migration === 'completed') {
    // The destination holds all that was sent, but the source never told us that it had given the guest up: it may have
    // run on and written to its disks before it died. Only a person can weigh that.
    return destination.run === 'running'
      ? end(state, 'done-on-destination', 'destination', 'source-unverified')
      : end(state, 'paused-recoverable', 'stopped', 'source-died-before-commit');
  }
  if (destination.kind === 'unreachable' || destination.kind === 'silent') {
    return elapsed.unchangedMs > patienceMs
      ? end(state, 'unknown', 'unknown', 'destination-unreachable')
      : wait('the destination');
  }
  return removeDestinationThen(state, () => end(state, 'lost', 'nowhere', 'source-died'));
}

/** Runs `then` once the destination is proven gone, and its output has been kept. */
function removeDestinationThen(state: MigrationState, then: () => Decision): Decision {
  const start = state.steps['start-destination'];
  if (start === undefined || (!state.destination && start === 'failed')) return then();
  if (!state.destination) return wait('the destination that may have been started');
  const quit = state.steps['quit-destination'];
  if (quit === undefined || quit === 'uncertain') return act('quit-destination');
  if (quit === 'intended') return wait('the destination to be gone');
  if (state.observed.destination.kind === 'gone') return then();
  return quit === 'failed'
    ? end(
        state,
        sourceRuns(state) ? 'safe-on-source' : 'unknown',
        sourceRuns(state) ? 'source' : 'unknown',
        'destination-not-removed',
      )
    : wait('the destination to be gone');
}

function sourceRuns(state: MigrationState): boolean {
  const { source } = state.observed;
  return source.kind === 'answering' && (source.run === 'running' || !state.plan.guestWasRunning);
}

function wasSeenRunning(state: MigrationState): boolean {
  return state.steps['quit-source'] !== undefined;
}

function bothRun(state: MigrationState): boolean {
  const { source, destination } = state.observed;
  return (
    source.kind === 'answering' &&
    destination.kind === 'answering' &&
    source.run === 'running' &&
    destination.run === 'running'
  );
}

function causeOf(state: MigrationState): Cause {
  if (state.cancel) return state.cancel.reason;
  return state.failure ? 'step-failed' : 'migration-failed';
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
