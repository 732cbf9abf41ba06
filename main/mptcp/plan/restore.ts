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
  /** What other open migrations have planned on this host: the limits that they need stay. */
  readonly needed: readonly PathManagerChange[];
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
  const { planned, needed, addresses, touched, before, now, inUse } = input;
  const wasThere = (endpoint: MptcpEndpoint): boolean =>
    before.endpoints.some((known) => sameEndpoint(known, endpoint));
  const isOurs = (endpoint: MptcpEndpoint): boolean =>
    isMadeBy(planned, endpoint) || (isLeftBehind(endpoint, addresses, inUse) && !wasThere(endpoint));
  const changed = before.endpoints.filter(
    (endpoint) =>
      touched.includes(endpoint.address) && !isNote(endpoint) && !now.endpoints.some((each) => isSame(each, endpoint)),
  );
  const idOfOthers = new Set(
    now.endpoints.flatMap((each) => (isOurs(each) || changed.some((one) => sameEndpoint(one, each)) ? [] : [each.id])),
  );
  // An id that another migration's endpoint was given meanwhile is put back when that one is gone.
  const isBackButForId = (endpoint: MptcpEndpoint): boolean =>
    idOfOthers.has(endpoint.id) && now.endpoints.some((each) => isSame({ ...each, id: endpoint.id }, endpoint));
  const displaced = changed.filter((endpoint) => !isBackButForId(endpoint));
  const removed = now.endpoints.filter(
    (endpoint) => isOurs(endpoint) || displaced.some((each) => sameEndpoint(each, endpoint)),
  );
  const limits = restoredLimits({ planned, needed, before: before.limits, now: now.limits });
  return [
    // All of them first: what is put back may need an id that one of them was given meanwhile.
    ...removed.map((endpoint) => ({ kind: 'remove-endpoint', endpoint }) as const),
    ...displaced.map((endpoint) => (idOfOthers.has(endpoint.id) ? announcing(endpoint) : putBack(endpoint))),
    ...(limits ? [{ kind: 'set-limits', limits, before: now.limits } as const] : []),
  ];
}

/** With whatever id is free. */
export function announcing({ address, port, interface: name, flags }: MptcpEndpoint): RestoreStep {
  const at = { address, ...(port === undefined ? {} : { port }), ...(name === undefined ? {} : { interface: name }) };
  return { kind: 'add-endpoint', endpoint: { ...at, flags } };
}

function putBack(endpoint: MptcpEndpoint): RestoreStep {
  return { kind: 'put-back', endpoint };
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

interface LimitsInput {
  readonly planned: readonly PathManagerChange[];
  readonly needed: readonly PathManagerChange[];
  readonly before: MptcpLimits;
  readonly now: MptcpLimits;
}

/** A limit that none of these changes has set was set by another program since. */
function restoredLimits({ planned, needed, before, now }: LimitsInput): MptcpLimits | undefined {
  const restored = (limit: keyof MptcpLimits): number => {
    const others = raisesOf(limit, needed);
    const isOurs = [...others, ...raisesOf(limit, planned)].includes(now[limit]);
    return isOurs ? Math.min(now[limit], Math.max(before[limit], ...others)) : now[limit];
  };
  const limits = { subflows: restored('subflows'), addAddrAccepted: restored('addAddrAccepted') };
  const isBack = limits.subflows === now.subflows && limits.addAddrAccepted === now.addAddrAccepted;
  return isBack ? undefined : limits;
}

function raisesOf(limit: keyof MptcpLimits, changes: readonly PathManagerChange[]): readonly number[] {
  return changes.flatMap((change) =>
    change.kind === 'set-limits' && change.limits[limit] > change.before[limit] ? [change.limits[limit]] : [],
  );
}
