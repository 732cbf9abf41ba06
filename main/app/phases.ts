import type { JournalEvent } from '#contract/migration.ts';
import { apply, initialState, phaseOf, type MigrationState, type Phase } from '#main/engine/state.ts';

export type { Phase };

/**
 * Follows a journal: feed it every event in order, it answers which phase the migration is in then and where the one
 * running copy of the guest is. Nothing before the plan, which is the first event.
 */
export function phaseFollower(): (event: JournalEvent) => Phase | undefined {
  let state: MigrationState | undefined;
  return (event) => {
    if (event.kind === 'planned') state = initialState(event.plan);
    else if (state) state = apply(state, event);
    return state && phaseOf(state);
  };
}
