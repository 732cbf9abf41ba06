import type { Observation } from '#contract/migration.ts';
import { hasGoneBack } from './observation.ts';
import type { MigrationState } from './state.ts';

/** While the source still may send: after that its sockets are gone. */
export function maySend({ observed, sourceCompleted, ended }: MigrationState): boolean {
  const { source } = observed;
  return source.kind !== 'gone' && !hasGoneBack(source) && !sourceCompleted && ended === undefined;
}

/** Whether there is a connection whose paths can be changed. */
export function maySendOverPaths(state: MigrationState): boolean {
  return state.negotiated?.protocol === 'mptcp' && maySend(state);
}

/** By what is seen of the source: its guest stands still, or may. A host that cannot be asked shows nothing of its guest. */
export function standsStill(source: Observation): boolean {
  return source.kind === 'silent' || (source.kind === 'answering' && source.run !== 'running');
}
