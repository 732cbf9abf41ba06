import type { MptcpEndpoint, MptcpLimits } from '#contract/host.ts';
import type { PathManagerChange } from '#contract/migration.ts';
import { sameEndpoint, type PathManagerState } from './change.ts';

export interface RestoreInput {
  /** What was planned for this host, whether or not all of it came to be done. */
  readonly planned: readonly PathManagerChange[];
  /** Addresses of this host that carried the migration's subflows. */
  readonly addresses: readonly string[];
  /** Those of them whose endpoints were taken away or changed while it ran, whosever they are. */
  readonly touched: readonly string[];
  readonly before: PathManagerState;
  readonly now: PathManagerState;
  /** Local addresses of MPTCP connections that live on this host: what they use is not taken from them. */
  readonly inUse: ReadonlySet<string>;
}

/** `put-back`: as it was, with its id. */
export type RestoreStep = PathManagerChange | { readonly kind: 'put-back'; readonly endpoint: MptcpEndpoint };

/**
 * What puts the path manager back as it was before the plan, in this order. Only what the migration made is undone, and only
 * as far as it is still as it was made: what another program has changed since is left alone. So it is right after a crash at any
 * point, and doing it twice does nothing more.
 */
export function planRestore(input: RestoreInput): RestoreStep[] {
  const { planned, addresses, touched, before, now, inUse } = input;
  const wasThere = (endpoint: MptcpEndpoint): boolean =>
    before.endpoints.some((known) => sameEndpoint(known, endpoint));
  const displaced = before.endpoints.filter(
    (endpoint) =>
      touched.includes(endpoint.address) && !isNote(endpoint) && !now.endpoints.some((each) => isSame(each, endpoint)),
  );
  const removed = now.endpoints.filter(
    (endpoint) =>
      isMadeBy(planned, endpoint) ||
      (isLeftBehind(endpoint, addresses, inUse) && !wasThere(endpoint)) ||
      displaced.some((each) => sameEndpoint(each, endpoint)),
  );
  const limits = restoredLimits(planned, now.limits);
  return [
    // All of them first: what is put back may need an id that one of them was given meanwhile.
    ...removed.map((endpoint) => ({ kind: 'remove-endpoint', endpoint }) as const),
    ...displaced.map((endpoint) => ({ kind: 'put-back', endpoint }) as const),
    ...(limits ? [{ kind: 'set-limits', limits, before: now.limits } as const] : []),
  ];
}

/** Notes of the kernel at our addresses that cannot be removed yet, because a connection still uses them. */
export function notesInUse({ addresses, before, now, inUse }: RestoreInput): MptcpEndpoint[] {
  return now.endpoints.filter(
    (endpoint) =>
      isNote(endpoint) &&
      addresses.includes(endpoint.address) &&
      inUse.has(endpoint.address) &&
      !before.endpoints.some((known) => sameEndpoint(known, endpoint)),
  );
}

/** A path that was paused meanwhile carries the flag `backup`, and is ours all the same. */
function isMadeBy(planned: readonly PathManagerChange[], endpoint: MptcpEndpoint): boolean {
  return planned.some(
    (change) =>
      change.kind === 'add-endpoint' &&
      sameEndpoint(change.endpoint, endpoint) &&
      change.endpoint.interface === endpoint.interface &&
      sameFlags(withoutBackup(change.endpoint), withoutBackup(endpoint)),
  );
}

function isSame(one: MptcpEndpoint, other: MptcpEndpoint): boolean {
  return (
    one.id === other.id &&
    sameEndpoint(one, other) &&
    one.interface === other.interface &&
    sameFlags(one.flags, other.flags)
  );
}

function sameFlags(one: MptcpEndpoint['flags'], other: MptcpEndpoint['flags']): boolean {
  return one.length === other.length && one.every((flag) => other.includes(flag));
}

function withoutBackup({ flags }: Pick<MptcpEndpoint, 'flags'>): MptcpEndpoint['flags'] {
  return flags.filter((flag) => flag !== 'backup');
}

/** The kernel notes an address that a subflow used as an implicit endpoint, and keeps the note after the subflow. */
function isLeftBehind(endpoint: MptcpEndpoint, addresses: readonly string[], inUse: ReadonlySet<string>): boolean {
  return isNote(endpoint) && addresses.includes(endpoint.address) && !inUse.has(endpoint.address);
}

function isNote({ flags }: MptcpEndpoint): boolean {
  return flags.includes('implicit');
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
