import type { MptcpEndpoint, MptcpLimits } from '#contract/host.ts';
import type { PathManagerChange } from '#contract/migration.ts';
import { sameEndpoint, type PathManagerState } from './change.ts';

export interface RestoreInput {
  /** What was planned for this host, whether or not all of it came to be done. */
  readonly planned: readonly PathManagerChange[];
  /** Addresses of this host that carried the migration's subflows. */
  readonly addresses: readonly string[];
  readonly before: PathManagerState;
  readonly now: PathManagerState;
  /** Local addresses of MPTCP connections that live on this host: what they use is not taken from them. */
  readonly inUse: ReadonlySet<string>;
}

/**
 * What puts the path manager back as it was before the plan. Only what the plan made is undone, and only as far as it is
 * still as the plan made it: what somebody has changed since is theirs. So it is right after a crash at any point of the
 * plan, and doing it twice does nothing more.
 */
export function planRestore({ planned, addresses, before, now, inUse }: RestoreInput): PathManagerChange[] {
  const wasThere = (endpoint: MptcpEndpoint): boolean =>
    before.endpoints.some((known) => sameEndpoint(known, endpoint));
  const removed = now.endpoints.filter(
    (endpoint) => isMadeBy(planned, endpoint) || (isLeftBehind(endpoint, addresses, inUse) && !wasThere(endpoint)),
  );
  const limits = restoredLimits(planned, now.limits);
  return [
    ...removed.map((endpoint) => ({ kind: 'remove-endpoint', endpoint }) as const),
    ...(limits ? [{ kind: 'set-limits', limits, before: now.limits } as const] : []),
  ];
}

/** A path that was paused meanwhile carries the flag `backup`, and is ours all the same. */
function isMadeBy(planned: readonly PathManagerChange[], endpoint: MptcpEndpoint): boolean {
  const flags: readonly string[] = endpoint.flags.filter((flag) => flag !== 'backup');
  return planned.some(
    (change) =>
      change.kind === 'add-endpoint' &&
      sameEndpoint(change.endpoint, endpoint) &&
      change.endpoint.interface === endpoint.interface &&
      change.endpoint.flags.length === flags.length &&
      change.endpoint.flags.every((flag) => flags.includes(flag)),
  );
}

/** The kernel notes an address that a subflow used as an implicit endpoint, and keeps the note after the subflow. */
function isLeftBehind(
  { address, flags }: MptcpEndpoint,
  addresses: readonly string[],
  inUse: ReadonlySet<string>,
): boolean {
  return flags.includes('implicit') && addresses.includes(address) && !inUse.has(address);
}

function restoredLimits(planned: readonly PathManagerChange[], now: MptcpLimits): MptcpLimits | undefined {
  const change = planned.find((each) => each.kind === 'set-limits');
  if (change === undefined) return undefined;
  const { limits, before } = change;
  const restored = {
    subflows: now.subflows === limits.subflows ? before.subflows : now.subflows,
    addAddrAccepted: now.addAddrAccepted === limits.addAddrAccepted ? before.addAddrAccepted : now.addAddrAccepted,
  };
  const isBack = restored.subflows === now.subflows && restored.addAddrAccepted === now.addAddrAccepted;
  return isBack ? undefined : restored;
}
