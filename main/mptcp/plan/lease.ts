import type { MptcpLimits } from '#contract/host.ts';
import type { HeldLease } from '#contract/path-lease.ts';
import { sameEndpoint, type PathManagerState } from './change.ts';
import { announcing, planRestore, type RestoreInput, type RestoreStep } from './restore.ts';

/** What a host has to do for one migration, and the leases that it keeps. */
export interface LeasePlan {
  readonly steps: readonly RestoreStep[];
  readonly left: readonly HeldLease[];
}

type Mine = Omit<HeldLease, 'withdrawn' | 'released'>;
type Seen = Pick<RestoreInput, 'now' | 'inUse'>;

/**
 * The begin of a migration on one host: what it has planned, and what the host has for good at its addresses and another
 * migration has withdrawn for its own time. Limits are only raised.
 */
export function planLoan(leases: readonly HeldLease[], mine: Mine, now: PathManagerState): LeasePlan {
  // As it is at this moment: others may have changed it since the plan.
  const lasting = lastingState(leases, now);
  const left = withLease(leases, { ...mine, before: { ...lasting, endpoints: [...lasting.endpoints] } });
  const absent = lasting.endpoints.filter(
    ({ address, port }) =>
      mine.addresses.includes(address) && !now.endpoints.some((each) => sameEndpoint(each, { address, port })),
  );
  const raised = mine.planned.map((change) =>
    change.kind === 'set-limits' ? { ...change, limits: raisedTo(change.limits, now.limits) } : change,
  );
  return { steps: [...absent.map(announcing), ...raised], left };
}

/**
 * The end of a migration on one host. What another open migration needs stays as it is; with the last one everything is put
 * back, also what those before it have left, to what the host was before the first of them.
 */
export function planRelease(leases: readonly HeldLease[], mine: Mine, { now, inUse }: Seen): LeasePlan {
  const all = withLease(leases, mine).map((lease) =>
    lease.migrationId === mine.migrationId ? { ...lease, released: true } : lease,
  );
  const open = all.filter(({ released }) => !released);
  return { steps: planRestore(inputOf(all, open, { now, inUse })), left: open.length === 0 ? [] : all };
}

/** What to wait for before that: see `notesInUse`. */
export function releaseInput(leases: readonly HeldLease[], mine: Mine, seen: Seen): RestoreInput {
  const others = leases.filter(({ migrationId }) => migrationId !== mine.migrationId);
  return inputOf(
    withLease(leases, mine),
    others.filter(({ released }) => !released),
    seen,
  );
}

/** The host as it will be when every migration that borrows of it has ended. */
export function lastingState(leases: readonly HeldLease[], now: PathManagerState): PathManagerState {
  return afterRestore(now, planRestore(inputOf(leases, [], { now, inUse: new Set() })));
}

/**
 * What becomes of the announcement of an address, for one migration. `renew`: to the peer of this one it has been withdrawn,
 * to others not, and a peer that has heard of an address once does not listen again. `refuse`: it would be done to the
 * migration `other` as well.
 */
export type EndChangePlan =
  | { readonly act: 'change' | 'renew' | 'nothing'; readonly left: readonly HeldLease[] }
  | { readonly act: 'refuse'; readonly other: string };

/** A change that one migration wants at its end of a path, as far as no other open migration needs it as it is. */
export function planEndChange(
  leases: readonly HeldLease[],
  mine: Mine,
  { change, address }: { readonly change: 'announce' | 'withdraw' | 'pause' | 'resume'; readonly address: string },
): EndChangePlan {
  const held = withLease(leases, mine);
  const own = held.find(({ migrationId }) => migrationId === mine.migrationId);
  const other = held.find(
    (lease) =>
      lease !== own && !lease.released && lease.addresses.includes(address) && lease.withdrawn[address] === undefined,
  );
  switch (change) {
    case 'withdraw': {
      const withdrawal = other ? 'kept' : 'gone';
      const left = held.map((lease) =>
        lease === own || lease.withdrawn[address] !== undefined
          ? { ...lease, withdrawn: { ...lease.withdrawn, [address]: withdrawal } as const }
          : lease,
      );
      return { act: other ? 'nothing' : 'change', left };
    }
    case 'announce': {
      const left = held.map((lease) => {
        if (lease !== own) return lease;
        const { [address]: _, ...withdrawn } = lease.withdrawn;
        return { ...lease, withdrawn };
      });
      return { act: other && own?.withdrawn[address] === 'kept' ? 'renew' : 'change', left };
    }
    case 'pause':
      return other ? { act: 'refuse', other: other.migrationId } : { act: 'change', left: held };
    case 'resume':
      return { act: 'change', left: held };
  }
}

/** The leases with this one taken: in place of an earlier one of the same migration, or as the newest. */
function withLease(leases: readonly HeldLease[], mine: Mine): readonly HeldLease[] {
  const known = leases.find(({ migrationId }) => migrationId === mine.migrationId);
  const { before } = known ?? mine;
  const lease: HeldLease = { withdrawn: {}, ...known, ...mine, before, released: false };
  return known ? leases.map((each) => (each === known ? lease : each)) : [...leases, lease];
}

function raisedTo(wanted: MptcpLimits, now: MptcpLimits): MptcpLimits {
  return {
    subflows: Math.max(wanted.subflows, now.subflows),
    addAddrAccepted: Math.max(wanted.addAddrAccepted, now.addAddrAccepted),
  };
}

function inputOf(all: readonly HeldLease[], open: readonly HeldLease[], { now, inUse }: Seen): RestoreInput {
  const ending = all.filter((lease) => !open.includes(lease));
  const kept = new Set(open.flatMap(({ addresses }) => addresses));
  const isFree = (address: string): boolean => !kept.has(address);
  // The one that was taken last knows best what others have changed meanwhile.
  const before = all.at(-1)?.before;
  return {
    planned: ending
      .flatMap(({ planned }) => planned)
      .filter((change) => change.kind === 'set-limits' || isFree(change.endpoint.address)),
    needed: open.flatMap(({ planned }) => planned),
    addresses: ending.flatMap(({ addresses }) => addresses).filter(isFree),
    touched: ending.flatMap(({ touched }) => touched).filter(isFree),
    before: { endpoints: before?.endpoints ?? now.endpoints, limits: before?.limits ?? now.limits },
    now,
    inUse,
  };
}

/** Where an endpoint is added with it. */
const idOfKernelsChoice = 0;

function afterRestore(now: PathManagerState, steps: readonly RestoreStep[]): PathManagerState {
  const removed = steps.flatMap((step) => (step.kind === 'remove-endpoint' ? [step.endpoint] : []));
  const putBack = steps.flatMap((step) => {
    if (step.kind === 'put-back') return [step.endpoint];
    return step.kind === 'add-endpoint' ? [{ id: idOfKernelsChoice, ...step.endpoint }] : [];
  });
  const limits = steps.findLast((step) => step.kind === 'set-limits')?.limits ?? now.limits;
  const left = now.endpoints.filter((endpoint) => !removed.some((each) => sameEndpoint(each, endpoint)));
  return { endpoints: [...left, ...putBack], limits };
}
