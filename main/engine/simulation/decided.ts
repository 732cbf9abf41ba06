import type { JournalEvent, Observation, Plan } from '#contract/migration.ts';
import { decide, type Decision, type Elapsed } from '#main/engine/decide.ts';
import { causes, explain, type Cause } from '#main/engine/explain.ts';
import type { MigrationState } from '#main/engine/state.ts';
import { answering, now, sees, stateAfter } from './states.ts';

/** What decides: the journal so far, then what both sides report now. */
export interface Situation {
  readonly journal: readonly JournalEvent[];
  /** Either is absent where it was not looked at since the journal's last entry about it. */
  readonly source?: Observation;
  readonly destination?: Observation;
  readonly elapsed?: Elapsed;
  readonly plan?: Partial<Plan>;
}

export function decided({ journal, source, destination, elapsed = now, plan }: Situation): string {
  const seen = [
    ...(source ? [sees('source', source)] : []),
    ...(destination ? [sees('destination', destination)] : []),
  ];
  const state = stateAfter([...journal, ...seen], plan);
  return inWords(decide(state, elapsed), state);
}

/** Everything that a decision says, down to its reason, so that no part of it can change unseen. */
function inWords(decision: Decision, state: MigrationState): string {
  switch (decision.kind) {
    case 'act':
      return `act ${decision.step}`;
    case 'note':
      return `note ${Object.entries(decision.event)
        .map(([name, value]) => (name === 'kind' ? String(value) : `${name} ${String(value)}`))
        .join(', ')}`;
    case 'wait':
      return `wait for ${decision.waitingFor}`;
    case 'end':
      return [`end ${decision.outcome}, guest ${decision.guest}`, ...causesOf(decision, state)].join(': ');
  }
}

function causesOf({ guest, explanation }: Extract<Decision, { kind: 'end' }>, state: MigrationState): readonly Cause[] {
  if (explanation === undefined) return [];
  return causes.filter((cause) => JSON.stringify(explain(state, cause, guest)) === JSON.stringify(explanation));
}

/** The source, as it is mostly seen. */
export const A = {
  running: answering('running', 'active'),
  stopped: answering('finish-migrate', 'active'),
  completed: answering('postmigrate', 'completed'),
  failedRunning: answering('running', 'failed'),
  failedStopped: answering('postmigrate', 'failed'),
};
/** The destination. */
export const B = {
  waiting: answering('inmigrate', 'active'),
  arrived: answering('paused', 'completed'),
  running: answering('running', 'completed'),
};
