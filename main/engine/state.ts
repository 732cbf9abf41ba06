import type { Failure } from '#contract/errors.ts';
import {
  stepNameSchema,
  type GuestPlace,
  type JournalEvent,
  type JournalEventOf,
  type Observation,
  type Outcome,
  type Path,
  type PathAction,
  type Plan,
  type Side,
  type StartedDestination,
  type StepName,
} from '#contract/migration.ts';
import { runs, says } from './observation.ts';
import { stepTable } from './step-table.ts';

/**
 * How far a step has come. `failed`: it was refused and has not happened. `uncertain`: it may have happened, because its
 * answer was lost, or because an earlier manager wrote the intent and died; what is true has to be looked at.
 */
export type StepProgress = 'intended' | 'uncertain' | 'done' | 'failed';

/** What has become of a path that was changed while the migration ran. */
export interface ChangedPath {
  /** By the operator's last word; `undefined` before the first. */
  readonly wanted: 'used' | 'paused' | 'removed' | undefined;
  /** Taken back by Switchyard itself, because its link is lost. */
  readonly withdrawn: boolean;
}

export interface FailedPath {
  readonly path: Path;
  readonly why: string;
}

/** The fold of a journal: everything the engine has decided, done and seen. Plain data, rebuilt by replaying. */
export interface MigrationState {
  readonly plan: Plan;
  readonly steps: Readonly<Partial<Record<StepName, StepProgress>>>;
  /** How often this manager has begun each step. */
  readonly tries: Readonly<Partial<Record<StepName, number>>>;
  readonly destination: StartedDestination | undefined;
  readonly listener: { readonly port: number; readonly mptcp: boolean } | undefined;
  readonly observed: Readonly<Record<Side, Observation>>;
  /** False while what was last observed of that side is older than the last step that may have changed it. */
  readonly current: Readonly<Record<Side, boolean>>;
  readonly cancel: Omit<JournalEventOf<'cancel-requested'>, 'kind'> | undefined;
  /** The first step that failed: what the operator wants to hear about, not what failed while cleaning up. */
  readonly failure: { readonly step: StepName; readonly failure: Failure } | undefined;
  /** What the source last reported of this migration, also when it does not answer any more; `none` before it has begun. */
  readonly sourceStatus: string;
  /** The source's own error text, kept since a later status may hide it. */
  readonly sourceErrorText: string | undefined;
  /** What the destination's process printed, kept when it was removed. */
  readonly destinationOutput: string | undefined;
  readonly negotiated: JournalEventOf<'negotiated'> | undefined;
  /** The source reported `completed` at least once: from then on it holds a copy that must not run beside another. */
  readonly sourceCompleted: boolean;
  /** The guest may have run on the destination, if only for a moment: from then on the source's copy is an old one. */
  readonly mayHaveRunOnDestination: boolean;
  /** The destination's process was found gone before it was to be removed. */
  readonly destinationEndedByItself: boolean;
  /** The destination reported `completed`: it has held the whole guest. */
  readonly destinationCompleted: boolean;
  /** The source waits before the switchover until it is allowed; false of a migration that an earlier version began. */
  readonly gated: boolean;
  /** What is known of the other end of the connection; `undefined` while it could be any program. */
  readonly peer: JournalEventOf<'peer-proven'> | JournalEventOf<'peer-foreign'> | undefined;
  readonly stalled: JournalEventOf<'stalled'> | undefined;
  /** The last stranger that got through to QEMU; those that were turned away change nothing. */
  readonly stranger: JournalEventOf<'stranger-connected'> | undefined;
  /** The guest has ended itself, and its QEMU with it. */
  readonly guestShutDown: JournalEventOf<'guest-shut-down'> | undefined;
  /** The kernel could not be asked about the connection; what is not known by now will not be. */
  readonly samplingFailed: boolean;
  readonly postCopy: {
    readonly requested: boolean;
    /** Once true, only the destination may ever run. */
    readonly entered: boolean;
    /** The operator has asked for a recovery that has not been carried out yet. */
    readonly recover: boolean;
  };
  /** The operator wants the guest back on the source, from a destination that holds it and does not start it. */
  readonly goBackRequested: boolean;
  /** Paths that led nowhere, in the order in which that was seen, each with its reason. They are the last of the plan's. */
  readonly failedPaths: readonly FailedPath[];
  /** Addresses between which there has been a subflow, each as `local remote`. */
  readonly joined: readonly string[];
  /** Paths that were changed while it ran, by the source's interface. */
  readonly changedPaths: Readonly<Record<string, ChangedPath>>;
  readonly committed: boolean;
  readonly finalStatistics: boolean;
  readonly ended: JournalEventOf<'ended'> | undefined;
  /** This life of the manager found the migration under way instead of starting it. */
  readonly attached: boolean;
}

const nothingObserved = {
  observed: { source: { kind: 'unasked' }, destination: { kind: 'unasked' } },
  current: { source: false, destination: false },
} as const satisfies Partial<MigrationState>;

export function initialState(plan: Plan): MigrationState {
  return {
    plan,
    steps: {},
    tries: {},
    destination: undefined,
    listener: undefined,
    ...nothingObserved,
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
  };
}

/** Outcomes after which nothing is left to do; the others wait for an operator and can be attached to again. */
export function isFinal(outcome: Outcome): boolean {
  return outcome === 'done-on-destination' || outcome === 'safe-on-source' || outcome === 'lost';
}

/** The reducer. Events that only report (iterations, subflows, samples) leave the state as it is. */
export function apply(state: MigrationState, event: JournalEvent): MigrationState {
  switch (event.kind) {
    case 'planned':
      return initialState(event.plan);
    case 'attached':
      return taken(state);
    case 'intended':
      return withIntent(state, event.step);
    case 'done':
      return event.step === 'recover' ? recovered(state) : withDone(withStep(state, event.step, 'done'), event);
    case 'failed':
      return {
        ...withFailure(state, event),
        failure: state.failure ?? { step: event.step, failure: event.failure },
        // One request is one attempt: the operator decides whether to try again.
        postCopy: stepTable[event.step].recovers ? { ...state.postCopy, recover: false } : state.postCopy,
      };
    case 'observed':
      return withObservation(state, event.side, event.observation);
    case 'output-kept':
      return event.side === 'destination' ? { ...state, destinationOutput: event.raw } : state;
    case 'negotiated':
      return { ...state, negotiated: event };
    case 'cancel-requested':
      return { ...state, cancel: state.cancel ?? withoutKind(event) };
    case 'stalled':
      return { ...state, stalled: event };
    case 'stranger-connected':
      return event.turnedAway ? state : { ...state, stranger: event };
    case 'guest-shut-down':
      return { ...state, guestShutDown: event };
    case 'sampling-failed':
      return { ...state, samplingFailed: true };
    case 'post-copy-requested':
      return { ...state, postCopy: { ...state.postCopy, requested: true } };
    case 'post-copy-entered':
      return { ...state, postCopy: { ...state.postCopy, entered: true }, mayHaveRunOnDestination: true };
    case 'recovery-requested':
      return { ...state, postCopy: { ...state.postCopy, recover: true } };
    case 'go-back-requested':
      return { ...state, goBackRequested: true };
    case 'path-failed':
      return withFailedPath(state, event);
    case 'subflow-established':
      return { ...state, joined: withJoined(state.joined, `${event.localAddress} ${event.remoteAddress}`) };
    case 'path-changed':
      return { ...state, changedPaths: withPathAction(state.changedPaths, event.path.sourceInterface, event.action) };
    case 'peer-proven':
      return { ...state, peer: event };
    case 'peer-foreign':
      return isPeerProven(state) && hasArrived(state) ? state : { ...state, peer: event };
    case 'committed':
      return { ...state, committed: true };
    case 'final-statistics':
      return { ...state, finalStatistics: true };
    case 'ended':
      return { ...state, ended: event };
    case 'path-missing':
    case 'ports-counted':
    case 'run-changed':
    case 'iteration':
    case 'subflow-lost':
    case 'subflow-back':
    case 'subflow-closed':
    case 'cancel-refused':
    case 'links-unwatched':
    case 'link-lost':
    case 'link-back':
    case 'path-change-failed':
    case 'settings-changed':
      return state;
  }
}

function withoutKind({ kind: _kind, ...rest }: JournalEventOf<'cancel-requested'>): MigrationState['cancel'] {
  return rest;
}

/**
 * It becomes the last. Where the source could not connect, `migrate` is as if it had not been sent: QEMU is where it was
 * before, and what it reports of that attempt is history.
 */
function withFailedPath(state: MigrationState, { path, why, seen }: JournalEventOf<'path-failed'>): MigrationState {
  const others = state.plan.paths.filter((each) => !isSamePath(each, path));
  const after: MigrationState = {
    ...state,
    plan: { ...state.plan, paths: [...others, path] },
    failedPaths: [...state.failedPaths, { path, why }],
  };
  if (seen === 'trial' || state.sourceStatus !== 'failed' || mayBeInPostCopy(state) || state.committed) return after;
  const { migrate: _migrate, 'hang-up': _hangUp, ...steps } = state.steps;
  const { 'hang-up': _hangUps, ...tries } = state.tries;
  // Whether `migrate` was carried out, and whether the connection was given up, is known now.
  const settled = state.failure?.step === 'migrate' || state.failure?.step === 'hang-up';
  const failure = settled ? undefined : state.failure;
  return { ...after, steps, tries, failure, sourceStatus: 'none', sourceErrorText: undefined };
}

export function hasFailed({ failedPaths }: MigrationState, path: Path): boolean {
  return failedPaths.some((failed) => isSamePath(failed.path, path));
}

function withJoined(before: readonly string[], ends: string): readonly string[] {
  return before.includes(ends) ? before : [...before, ends];
}

export function isSamePath(one: Path, other: Path): boolean {
  return one.sourceAddress === other.sourceAddress && one.destinationAddress === other.destinationAddress;
}

const wantedAfter = { add: 'used', resume: 'used', backup: 'paused', remove: 'removed' } as const;

function withPathAction(
  before: MigrationState['changedPaths'],
  name: string,
  action: PathAction,
): MigrationState['changedPaths'] {
  const { wanted, withdrawn } = before[name] ?? { wanted: undefined, withdrawn: false };
  const after: ChangedPath =
    action === 'withdraw' || action === 'rejoin'
      ? { wanted, withdrawn: action === 'withdraw' }
      : { wanted: wantedAfter[action], withdrawn };
  return { ...before, [name]: after };
}

export function replay(events: readonly JournalEvent[]): MigrationState | undefined {
  const [first, ...rest] = events;
  return first?.kind === 'planned' ? rest.reduce(apply, initialState(first.plan)) : undefined;
}

/** Another manager takes over: what it has not seen itself counts as unseen, and what was begun may have happened. */
function taken(state: MigrationState): MigrationState {
  const interrupted = stepNameSchema.options.filter((step) => state.steps[step] === 'intended');
  const uncertain = interrupted.reduce((before, step) => withStep(before, step, 'uncertain'), state);
  return { ...uncertain, ...nothingObserved, attached: true, ended: undefined, tries: {}, samplingFailed: false };
}

/** Only an answer proves that nothing was done. */
function mayHaveHappened({ kind }: Failure): boolean {
  return kind === 'timeout' || kind === 'unreachable' || kind === 'native' || kind === 'internal';
}

function withFailure(state: MigrationState, { step, failure }: JournalEventOf<'failed'>): MigrationState {
  const failed = withStep(state, step, mayHaveHappened(failure) ? 'uncertain' : 'failed');
  // That port has had a connection, if only ours: the next attempt gets a fresh one.
  return step === 'recover' ? withoutStep(failed, 'listen-for-recovery') : failed;
}

/** The post-copy continues over a new connection; should that one break too, everything can be done again. */
function recovered(state: MigrationState): MigrationState {
  const { 'pause-post-copy': _pause, 'listen-for-recovery': _listen, ...rest } = state.steps;
  const current = { source: false, destination: false };
  const postCopy = { ...state.postCopy, recover: false };
  return { ...state, steps: { ...rest, recover: 'done' }, current, postCopy, stalled: undefined };
}

function withStep(state: MigrationState, step: StepName, progress: StepProgress): MigrationState {
  const stale = Object.fromEntries(stepTable[step].changesWhatIsObserved.map((side) => [side, false]));
  const mayRun = step === 'resume-destination' && (progress === 'done' || progress === 'uncertain');
  return {
    ...state,
    steps: { ...state.steps, [step]: progress },
    current: { ...state.current, ...stale },
    mayHaveRunOnDestination: state.mayHaveRunOnDestination || mayRun,
  };
}

function withIntent(state: MigrationState, step: StepName): MigrationState {
  return {
    ...state,
    steps: { ...state.steps, [step]: 'intended' },
    tries: { ...state.tries, [step]: (state.tries[step] ?? 0) + 1 },
    // What the source said until now was about an earlier migration.
    ...(step === 'migrate' ? { sourceStatus: 'none', sourceErrorText: undefined } : {}),
    // Another connection has another peer; one of ours is made before `migrate`.
    ...(step === 'connect' || (step === 'migrate' && !isOurs(state)) ? { peer: undefined } : {}),
  };
}

function isOurs({ peer }: MigrationState): boolean {
  return peer?.kind === 'peer-proven' && peer.by === 'own-sockets';
}

function withDone(state: MigrationState, event: JournalEventOf<'done'>): MigrationState {
  const { source } = state.observed;
  // A QEMU keeps the status of its last migration until the next begins: what was observed before this one is history.
  const observed =
    event.step === 'migrate' && source.kind === 'answering'
      ? { ...state.observed, source: { kind: source.kind, run: source.run, migration: 'setup' } }
      : state.observed;
  return {
    ...state,
    observed,
    sourceStatus: event.step === 'migrate' ? 'setup' : state.sourceStatus,
    destination: event.started ?? state.destination,
    gated: event.gated ?? state.gated,
    listener: event.port === undefined ? state.listener : { port: event.port, mptcp: event.mptcp ?? false },
  };
}

function withObservation(state: MigrationState, side: Side, observation: Observation): MigrationState {
  const settled = side === 'source' ? withoutHistory(observation) : observation;
  const seen = {
    ...state,
    observed: { ...state.observed, [side]: settled },
    current: { ...state.current, [side]: true },
  };
  const told = side === 'source' ? withSource(seen, settled) : withDestination(seen, settled);
  return told.steps.recover === 'done' && hasGoneOn(told) ? withoutStep(told, 'recover') : told;
}

/** The recovered post-copy flows: should it break again, that is another break. */
function hasGoneOn({ observed: { source, destination } }: MigrationState): boolean {
  return says(source, 'postcopy-active') && says(destination, 'postcopy-active');
}

function withoutStep(state: MigrationState, step: StepName): MigrationState {
  const { [step]: _step, ...steps } = state.steps;
  return { ...state, steps };
}

function withSource(state: MigrationState, observation: Observation): MigrationState {
  if (observation.kind !== 'answering') return state;
  const { migration, errorText } = observation;
  const began = state.steps.migrate === 'uncertain' && underWay.has(migration);
  return {
    ...state,
    // No other program can have begun it: QEMU refuses a second migration, and a refusal leaves no uncertainty.
    steps: began ? { ...state.steps, migrate: 'done' } : state.steps,
    sourceCompleted: state.sourceCompleted || migration === 'completed',
    sourceStatus: state.steps.migrate === undefined ? 'none' : migration,
    sourceErrorText: state.steps.migrate === undefined ? undefined : (errorText ?? state.sourceErrorText),
  };
}

function withDestination(state: MigrationState, observation: Observation): MigrationState {
  const endedByItself = observation.kind === 'gone' && state.steps['quit-destination'] === undefined;
  return {
    ...state,
    mayHaveRunOnDestination: state.mayHaveRunOnDestination || runs(observation),
    destinationEndedByItself: state.destinationEndedByItself || endedByItself,
    destinationCompleted: state.destinationCompleted || says(observation, 'completed'),
  };
}

/**
 * A guest that once arrived here by migration still reports `completed` of that arrival (query-migrate answers for both
 * directions). Of a departure it is true only in the run states that follow one.
 */
function withoutHistory(observation: Observation): Observation {
  if (observation.kind !== 'answering' || observation.migration !== 'completed') return observation;
  return observation.run === 'postmigrate' || observation.run === 'finish-migrate'
    ? observation
    : { ...observation, migration: 'none' };
}

/** The lifecycle in the operator's words. `guest` is where the one running copy is. */
export type Phase =
  | { readonly name: 'preparing'; readonly guest: 'source' }
  | { readonly name: 'connecting'; readonly guest: GuestPlace }
  | { readonly name: 'copying'; readonly guest: GuestPlace }
  | { readonly name: 'switching-over'; readonly guest: GuestPlace }
  | { readonly name: 'post-copy'; readonly guest: 'destination' }
  | { readonly name: 'post-copy-paused'; readonly guest: 'destination' }
  | { readonly name: 'starting-on-destination'; readonly guest: 'stopped' }
  | { readonly name: 'cleaning-up'; readonly guest: 'destination' }
  | { readonly name: 'cancelling'; readonly guest: GuestPlace }
  | { readonly name: 'going-back'; readonly guest: GuestPlace }
  | { readonly name: 'ended'; readonly guest: GuestPlace; readonly outcome: Outcome };

const stillCopying = new Set(['active', 'cancelling', 'wait-unplug']);
const switchover = new Set(['pre-switchover', 'device', 'completed']);
const wentBack = new Set(['failed', 'failing', 'cancelled']);
const underWay = new Set(['setup', ...stillCopying, ...switchover]);

export function phaseOf(state: MigrationState): Phase {
  if (state.ended) return { name: 'ended', guest: state.ended.guest, outcome: state.ended.outcome };
  const { source, destination } = state.observed;
  if (state.committed) {
    return runs(destination) || state.steps['quit-source'] !== undefined
      ? { name: 'cleaning-up', guest: 'destination' }
      : { name: 'starting-on-destination', guest: 'stopped' };
  }
  if (state.postCopy.entered) {
    return { name: isPostCopyPaused(state) ? 'post-copy-paused' : 'post-copy', guest: 'destination' };
  }
  const guest = placeBeforeCommit(state);
  const status = state.sourceStatus;
  const { migrate } = state.steps;
  const began = migrate === 'done' || migrate === 'uncertain';
  if (began && wentBack.has(status)) return { name: 'going-back', guest };
  if (state.failure && migrate !== 'done') return { name: 'going-back', guest };
  if (state.cancel) return { name: 'cancelling', guest };
  if (migrate === undefined) return { name: 'preparing', guest: 'source' };
  if (switchover.has(status)) return { name: 'switching-over', guest: source.kind === 'answering' ? 'stopped' : guest };
  if (!stillCopying.has(status)) return { name: 'connecting', guest };
  return { name: guest === 'stopped' ? 'switching-over' : 'copying', guest };
}

/** The connection of a post-copy has broken, and at least one side has noticed. */
export function isPostCopyPaused({ observed }: MigrationState): boolean {
  return Object.values(observed).some((each) => says(each, 'postcopy-paused'));
}

/**
 * The destination holds the whole guest and has provably never run it: each `cont` was refused, or none was sent. Then the
 * copy on the source is the same guest, as long as the destination never runs.
 */
export function mayGoBack(state: MigrationState): boolean {
  const handedOver = state.sourceCompleted || state.committed;
  return (
    handedOver &&
    state.plan.guestWasRunning &&
    !state.mayHaveRunOnDestination &&
    !mayBeInPostCopy(state) &&
    hasArrived(state)
  );
}

/**
 * What the source has sent went to this destination and to no other QEMU: both kernels show it, or the destination held the
 * whole guest.
 */
export function hasArrived({ peer, destinationCompleted }: MigrationState): boolean {
  return destinationCompleted || (peer?.kind === 'peer-proven' && peer.by !== 'status');
}

/** The source may switch over: its peer is proven, as far as that can be. */
export function isPeerProven({ peer }: MigrationState): boolean {
  return peer?.kind === 'peer-proven';
}

/**
 * Whether a source that waits before the switchover is to go on. A watchdog's cancel that was never sent counts for nothing
 * there: what stood still was the source that waited for its manager.
 */
export function mayPassGate(state: MigrationState): boolean {
  const { cancel, steps } = state;
  const isCancelled = cancel !== undefined && (cancel.reason !== 'stalled' || steps.cancel === 'done');
  return isPeerProven(state) && !isCancelled && !lacksMptcp(state);
}

/** MPTCP is required, and it is not used, or cannot be seen to be. */
export function lacksMptcp({ plan, negotiated, samplingFailed }: MigrationState): boolean {
  return plan.settings.mptcp === 'require' && (negotiated ? negotiated.protocol === 'tcp' : samplingFailed);
}

/** No QEMU but the destination can hold the guest as a whole: it has arrived there, or the source was never allowed to leave. */
export function nothingElseHasIt(state: MigrationState): boolean {
  return hasArrived(state) || (state.gated && !isPeerProven(state)) || state.steps.migrate === undefined;
}

/** From the moment it was asked for: when QEMU carries it out, only the destination may ever run. */
export function mayBeInPostCopy({ postCopy, steps }: MigrationState): boolean {
  const start = steps['start-post-copy'];
  return postCopy.entered || start === 'intended' || start === 'uncertain' || start === 'done';
}

function placeBeforeCommit(state: MigrationState): GuestPlace {
  const { source } = state.observed;
  if (state.steps.migrate === undefined) return 'source';
  if (source.kind === 'gone') return 'nowhere';
  // Preflight has seen it there; a manager that takes a migration up has not.
  if (source.kind === 'unasked' && !state.attached) return 'source';
  if (source.kind !== 'answering') return 'unknown';
  return source.run === 'running' || !state.plan.guestWasRunning ? 'source' : 'stopped';
}
