import type { Failure } from '#contract/errors.ts';
import type {
  JournalEvent,
  JournalEventOf,
  Observation,
  Path,
  Plan,
  Side,
  StartedDestination,
  StepName,
} from '#contract/migration.ts';
import type { Elapsed } from '#main/engine/decide.ts';
import { apply, initialState, type MigrationState } from '#main/engine/state.ts';
import { factsOf, guestNamed, pathBetween, planOf } from './facts.ts';

/** Journals in shorthand, for tests that need a state and not the world that led to it. */

const bootIds = { source: 'boot-of-alpha', destination: 'boot-of-beta' };
const uuid = '5f8f3c1e-0000-4000-8000-000000000001';

export const plan: Plan = planOf({
  id: '20260101T000000Z-0000',
  guest: guestNamed('alpha', { uuid, pid: 1001, startTimeTicks: 1, bootId: bootIds.source }, '/run/guest/1001.qmp'),
  guestWasRunning: true,
  source: factsOf('alpha', '10.0.1.1'),
  destination: factsOf('beta', '10.0.1.2'),
});

/** The plan's own path, and one over a second link. */
export const twoPaths: readonly [Path, Path] = [
  pathBetween(plan.source, plan.destination, 1),
  pathBetween(plan.source, plan.destination, 2),
];

export const started: StartedDestination = {
  identity: { uuid, pid: 2001, startTimeTicks: 2, bootId: bootIds.destination },
  monitorPath: '/run/switchyard/20260101T000000Z-0000/2001.qmp',
  outputPath: '/run/switchyard/20260101T000000Z-0000/2001.log',
};

export function stateAfter(events: readonly JournalEvent[], changes: Partial<Plan> = {}): MigrationState {
  return events.reduce(apply, initialState({ ...plan, ...changes }));
}

/** A step of which it is not known yet whether it was taken. */
export function intended(step: StepName): JournalEvent {
  return { kind: 'intended', step };
}

export const entered: JournalEvent = { kind: 'post-copy-entered' };

/** Intent and success of each step. */
export function did(...steps: readonly StepName[]): JournalEvent[] {
  return steps.flatMap((step): JournalEvent[] => [
    { kind: 'intended', step },
    { kind: 'done', step, ...reports[step] },
  ]);
}
const reports: Partial<Record<StepName, object>> = {
  'start-destination': { started },
  'negotiate-capabilities': { gated: true },
  listen: { port: 42_001, mptcp: true },
};

export function failed(step: StepName, kind: 'qmp' | 'timeout' = 'qmp'): JournalEvent[] {
  const words = { text: 'QEMU refused it: because.', remedy: 'Fix it.' };
  const failure: Failure =
    kind === 'qmp'
      ? { kind, command: step, class: 'GenericError', description: 'because', ...words }
      : { kind, afterMs: 10_000, waitingFor: step, ...words, text: `No answer to ${step}.` };
  return [
    { kind: 'intended', step },
    { kind: 'failed', step, failure },
  ];
}

export function sees(side: Side, observation: Observation): JournalEvent {
  return { kind: 'observed', side, observation };
}

export function answering(run: string, migration: string, errorText?: string): Observation {
  return { kind: 'answering', run, migration, ...(errorText === undefined ? {} : { errorText }) };
}

export const gone: Observation = { kind: 'gone' };
export const silent: Observation = { kind: 'silent' };
export const unreachable: Observation = { kind: 'unreachable', why: 'no route to host' };

export const attached: JournalEvent = { kind: 'attached', user: 'operator', pid: 4711 };

/** Everything before `migrate`, which is what the next decision would be about. */
export const prepared = did('start-destination', 'compare-twin', 'negotiate-capabilities', 'check-disks', 'listen');
/** The source sends, and to whom is not known yet. */
export const unproven = [...prepared, ...did('migrate')];
export const proven: JournalEventOf<'peer-proven'> = { kind: 'peer-proven', by: 'sequence', connections: 1 };
export const foreign: JournalEventOf<'peer-foreign'> = {
  kind: 'peer-foreign',
  address: '10.0.1.2',
  port: 42_001,
  isOfSource: false,
};
export const begun = [...unproven, proven];

export const now: Elapsed = { withoutProgressMs: 0, sourceStoppedMs: 0, unchangedMs: 0 };
/** Longer than any patience. */
export const tooLong: Elapsed = { withoutProgressMs: 100_000, sourceStoppedMs: 100_000, unchangedMs: 100_000 };
