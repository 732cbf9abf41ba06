import { sameEndpoint, type PathManagerState } from '#main/mptcp/plan/change.ts';
import type { RestoreStep } from '#main/mptcp/plan/restore.ts';

/** A path manager in a few lines: one endpoint for each address and port, ids as they come, limits as they are set. */
export function applied(state: PathManagerState, changes: readonly RestoreStep[]): PathManagerState {
  return changes.reduce((now, change): PathManagerState => {
    switch (change.kind) {
      case 'set-limits':
        return { ...now, limits: change.limits };
      case 'put-back':
        if (now.endpoints.some(({ id }) => id === change.endpoint.id)) throw new Error('this id is taken');
        return { ...now, endpoints: [...now.endpoints, change.endpoint] };
      case 'remove-endpoint':
        return { ...now, endpoints: now.endpoints.filter(({ id }) => id !== change.endpoint.id) };
      case 'add-endpoint': {
        const others = now.endpoints.filter(
          (each) => !(sameEndpoint(each, change.endpoint) && each.flags.includes('implicit')),
        );
        if (others.some((each) => sameEndpoint(each, change.endpoint))) return now;
        const id = Math.max(0, ...now.endpoints.map((each) => each.id)) + 1;
        return { ...now, endpoints: [...others, { id, ...change.endpoint }] };
      }
    }
  }, state);
}
