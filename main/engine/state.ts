import type {
  CancelReason,
  GuestPlace,
  JournalEvent,
  JournalEventOf,
  Observation,
  Outcome,
  Plan,
  Side,
  StartedDestination,
  StepName,
} from '#contract/migration.ts';
import type { Failure } from '#contract/errors.ts';

/**
 * How far a step has come. `uncertain`: an earlier manager wrote its intent and died before it could write what came of
 * it, so the world has to be looked at; such a step is never simply repeated.
 */
export type StepProgress = 'intended' | 'uncertain' | 'done' | 'failed';

/** The fold of a journal: everything the engine has decided, done and seen. Plain data, rebuilt by replaying. */
export interface MigrationState {
  readonly plan: Plan;
  readonly steps: Readonly<Partial<Record<StepName, StepProgress>>>;
  readonly destination: StartedDestination | undefined;
  readonly listener: { readonly port: number; readonly mptcp: boolean } | undefined;
  readonly observed: Readonly<Record<Side, Observation>>;
  readonly cancel: { readonly reason: CancelReason; readonly by: string } | undefined;
  /** The first step that failed: what the operator wants to hear about, not what failed while cleaning up. */
  readonly failure: { readonly step: StepName; readonly failure: Failure } | undefined;
  /** The source's own error text, kept since a later status may hide it. */
  readonly sourceErrorText: string | undefined;
  /** What the destination's process printed, kept when it was removed. */
  readonly destinationOutput: string | undefined;
  readonly negotiated: JournalEventOf<'negotiated'> | undefined;
  /** The source said `completed` at least once: from then on it holds a copy that must not run beside another. */
  readonly sourceCompleted: boolean;
  readonly stalled: JournalEventOf<'stalled'> | undefined;
  readonly committed: boolean;
  readonly finalStatistics: boolean;
  readonly ended: JournalEventOf<'ended'> | undefined;
  /** This life of the manager found the migration under way instead of starting it. */
  readonly attached: boolean;
}

export function initialState(plan: Plan): MigrationState {
  return {
    plan,
    steps: {},
    destination: undefined,
    listener: undefined,
    observed: { source: { kind: 'unasked' }, destination: { kind: 'unasked' } },
    cancel: undefined,
    failure: undefined,
    sourceErrorText: undefined,
    destinationOutput: undefined,
    negotiated: undefined,
    sourceCompleted: false,
    stalled: undefined,
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

/** The reducer. Events that only tell (iterations, subflows, samples) leave the state as it is. */
export function apply(state: MigrationState, event: JournalEvent): MigrationState {
  switch (event.kind) {
    case 'planned':
      return initialState(event.plan);
    case 'attached':
      return {
        ...state,
        attached: true,
        ended: undefined,
        observed: { source: { kind: 'unasked' }, destination: { kind: 'unasked' } },
        steps: Object.fromEntries(
          Object.entries(state.steps).map(([step, progress]) => [
            step,
            progress === 'intended' ? 'uncertain' : progress,
          ]),
        ),
      };
    case 'intended':
      return withStep(state, event.step, 'intended');
    case 'done':
      return withDone(withStep(state, event.step, 'done'), event);
    case 'failed':
      return {
        ...withStep(state, event.step, 'failed'),
        failure: state.failure ?? { step: event.step, failure: event.failure },
      };
    case 'observed':
      return withObservation(state, event.side, event.observation);
    case 'output-kept':
      return event.side === 'destination' ? { ...state, destinationOutput: event.raw } : state;
    case 'negotiated':
      return { ...state, negotiated: event };
    case 'cancel-requested':
      return { ...state, cancel: state.cancel ?? { reason: event.reason, by: event.by } };
    case 'stalled':
      return { ...state, stalled: event };
    case 'committed':
      return { ...state, committed: true };
    case 'final-statistics':
      return { ...state, finalStatistics: true };
    case 'ended':
      return { ...state, ended: event };
    case 'iteration':
    case 'subflow-established':
    case 'subflow-lost':
    case 'subflow-back':
    case 'subflow-closed':
    case 'sampling-failed':
    case 'cancel-refused':
    case 'settings-changed':
      return state;
  }
}

export function replay(events: readonly JournalEvent[]): MigrationState | undefined {
  const [first, ...rest] = events;
  return first?.kind === 'planned' ? rest.reduce(apply, initialState(first.plan)) : undefined;
}

function withStep(state: MigrationState, step: StepName, progress: StepProgress): MigrationState {
  return { ...state, steps: { ...state.steps, [step]: progress } };
}

function withDone(state: MigrationState, event: JournalEventOf<'done'>): MigrationState {
  const { source } = state.observed;
  // A QEMU keeps the status of its last migration until the next begins: what was observed before this one is history.
  const observed =
    event.step === 'migrate' && source.kind === 'answering'
      ? { ...state.observed, source: { ...source, migration: 'setup' } }
      : state.observed;
  return {
    ...state,
    observed,
    destination: event.started ?? state.destination,
    listener: event.port === undefined ? state.listener : { port: event.port, mptcp: event.mptcp ?? false },
  };
}

function withObservation(state: MigrationState, side: Side, observation: Observation): MigrationState {
  const fromSource = side === 'source';
  const settled = fromSource ? withoutHistory(observation) : observation;
  const answering = settled.kind === 'answering' ? settled : undefined;
  return {
    ...state,
    observed: { ...state.observed, [side]: settled },
    sourceCompleted: state.sourceCompleted || (fromSource && answering?.migration === 'completed'),
    sourceErrorText: (fromSource ? answering?.errorText : undefined) ?? state.sourceErrorText,
  };
}

/**
 * A guest that once arrived here by migration still says `completed` of that arrival (query-migrate answers for both
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
  | { readonly name: 'connecting'; readonly guest: 'source' }
  | { readonly name: 'copying'; readonly guest: 'source' }
  | { readonly name: 'switching-over'; readonly guest: 'stopped' }
  | { readonly name: 'starting-on-destination'; readonly guest: 'stopped' }
  | { readonly name: 'cleaning-up'; readonly guest: 'destination' }
  | { readonly name: 'cancelling'; readonly guest: GuestPlace }
  | { readonly name: 'going-back'; readonly guest: GuestPlace }
  | { readonly name: 'ended'; readonly guest: GuestPlace; readonly outcome: Outcome };

const stillCopying = new Set(['active', 'cancelling', 'wait-unplug']);
const switchover = new Set(['pre-switchover', 'device', 'completed']);
const wentBack = new Set(['failed', 'failing', 'cancelled']);

export function phaseOf(state: MigrationState): Phase {
  if (state.ended) return { name: 'ended', guest: state.ended.guest, outcome: state.ended.outcome };
  const { source, destination } = state.observed;
  const runsOnSource = source.kind === 'answering' && source.run === 'running';
  if (state.committed) {
    const runs = destination.kind === 'answering' && destination.run === 'running';
    const arrived = runs || (!state.plan.guestWasRunning && state.steps['quit-source'] !== undefined);
    return arrived
      ? { name: 'cleaning-up', guest: 'destination' }
      : { name: 'starting-on-destination', guest: 'stopped' };
  }
  const status = source.kind === 'answering' ? source.migration : 'none';
  if (wentBack.has(status) || (state.failure && state.steps.migrate !== 'done')) {
    return { name: 'going-back', guest: runsOnSource || state.steps.migrate === undefined ? 'source' : 'stopped' };
  }
  if (state.cancel) return { name: 'cancelling', guest: placeBeforeCommit(state) };
  if (state.steps.migrate === undefined) return { name: 'preparing', guest: 'source' };
  if (switchover.has(status)) return { name: 'switching-over', guest: 'stopped' };
  if (stillCopying.has(status)) {
    return source.kind === 'answering' && state.plan.guestWasRunning && !runsOnSource
      ? { name: 'switching-over', guest: 'stopped' }
      : { name: 'copying', guest: 'source' };
  }
  return { name: 'connecting', guest: 'source' };
}

function placeBeforeCommit(state: MigrationState): GuestPlace {
  const { source } = state.observed;
  if (state.steps.migrate === undefined) return 'source';
  if (source.kind === 'gone') return 'nowhere';
  if (source.kind !== 'answering') return 'unknown';
  return source.run === 'running' || !state.plan.guestWasRunning ? 'source' : 'stopped';
}
