import type { MptcpEndpoint } from '#contract/host.ts';
import type { PathManagerChange, Side } from '#contract/migration.ts';
import { announcementOf } from './path-announcement.ts';
import type { PathRestoration } from './ports.ts';
import type { MigrationState } from './state.ts';

/** What to put back on one side: what the plan made, and what changing a path while it ran made. */
export function restorationFor({ plan, changedPaths }: MigrationState, side: Side): PathRestoration {
  const { endpoints, limits } = plan[side].mptcp;
  const touched =
    side === 'source' ? [] : plan.paths.filter((path) => changedPaths[path.sourceInterface] !== undefined);
  const made = touched
    .filter((path) => !endpoints.some((each) => each.address === path.destinationAddress && !isNote(each)))
    .map((path) => announcementOf(plan, path))
    .filter((endpoint) => endpoint !== undefined)
    .map((endpoint): PathManagerChange => ({ kind: 'add-endpoint', endpoint }));
  return {
    planned: [...plan.preparation[side], ...made],
    before: { endpoints, limits },
    addresses: plan.paths.map((path) => (side === 'source' ? path.sourceAddress : path.destinationAddress)),
    touched: touched.map((path) => path.destinationAddress),
  };
}

/** Of the kernel, which gives it up for an endpoint that another program makes. */
function isNote({ flags }: MptcpEndpoint): boolean {
  return flags.includes('implicit');
}
