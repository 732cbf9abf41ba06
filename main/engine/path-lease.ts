import type { MptcpEndpoint } from '#contract/host.ts';
import type { PathManagerChange, Side } from '#contract/migration.ts';
import { announcementOf } from './path-announcement.ts';
import type { PathLease } from './ports.ts';
import type { MigrationState } from './state.ts';

/** What the migration borrows of one side: what the plan makes, and what changing a path while it runs has made. */
export function pathLeaseOf({ plan, changedPaths }: MigrationState, side: Side): PathLease {
  const { endpoints, limits } = plan[side].mptcp;
  const touched =
    side === 'source' ? [] : plan.paths.filter((path) => changedPaths[path.sourceInterface] !== undefined);
  const made = touched
    .filter((path) => !endpoints.some((each) => each.address === path.destinationAddress && !isNote(each)))
    .map((path) => announcementOf(plan, path))
    .filter((endpoint) => endpoint !== undefined)
    .map((endpoint): PathManagerChange => ({ kind: 'add-endpoint', endpoint }));
  return {
    migrationId: plan.id,
    planned: [...plan.preparation[side], ...made],
    before: { endpoints, limits },
    addresses: plan.paths.map((path) => (side === 'source' ? path.sourceAddress : path.destinationAddress)),
    touched: touched.map((path) => path.destinationAddress),
  };
}

/** The same before it is used: an address to which no path leads is not announced. */
export function pathLoanOf(state: MigrationState, side: Side): PathLease {
  const lease = pathLeaseOf(state, side);
  if (side === 'source') return lease;
  const failed = new Set(state.failedPaths.map(({ path }) => path.destinationAddress));
  const planned = lease.planned.filter(
    (change) => change.kind !== 'add-endpoint' || !failed.has(change.endpoint.address),
  );
  return { ...lease, planned };
}

/** Of the kernel, which gives it up for an endpoint that another program makes. */
function isNote({ flags }: MptcpEndpoint): boolean {
  return flags.includes('implicit');
}
