import { setTimeout as sleep } from 'node:timers/promises';
import { SwitchyardError } from '#contract/errors.ts';
import type { HeldLease } from '#contract/path-lease.ts';
import type { PathEnd, PathEndChange, PathLease } from '#main/engine/ports.ts';
import type { PathManagerState } from '#main/mptcp/plan/change.ts';
import { planEndChange, planLoan, planRelease, releaseInput } from '#main/mptcp/plan/lease.ts';
import { notesInUse, type RestoreInput, type RestoreStep } from '#main/mptcp/plan/restore.ts';
import type { MptcpPathManager } from '#native/netlink/mptcp-path-manager.ts';
import { openNetlinkSession, openPathManager } from '#native/netlink/open-session.ts';
import { readSockets } from '#native/netlink/socket-table.ts';
import { describeEndpoint } from '#main/hosts/facts/mptcp.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import { addEndpoint, carryOut, changePath, linkIndexes } from '#main/hosts/path-control.ts';
import { LeaseBook } from './lease-book.ts';

/** A socket that its process has closed says goodbye to its peer within some round trips. */
const closingMs = 1000;
const lookAgainMs = 50;
/** Closer to each other than this, the peer may take the end of the old announcement for one of the new. */
const beforeNewAnnouncementMs = 150;

/** The path manager of one network namespace, and the leases of it. Changing it needs CAP_NET_ADMIN there. */
export interface LendingPlace {
  readonly place: NetworkPlace;
  readonly book: LeaseBook;
}

export function lendingPlace(place: NetworkPlace, folder: string): LendingPlace {
  return { place, book: new LeaseBook(folder, { label: place.label(), mark: place.mark() }) };
}

/** A lease, and where the journal of its migration is. */
export type Borrower = PathLease & Pick<HeldLease, 'journal'>;

/** Does what a migration has planned for this host, which stays until no open migration needs it. */
export async function lend({ place, book }: LendingPlace, lease: Borrower): Promise<void> {
  using manager = await openPathManager(place.namespace);
  const links = await linkIndexes(place.namespace);
  await book.hold(async (leases, keep) => {
    const { steps, left } = planLoan(leases, lease, await stateOf(manager, namesOf(links)));
    // Before anything is done: what no lease speaks of would be taken for the host's own.
    keep(left);
    await carryOutAll(manager, steps, links);
  });
}

/**
 * Puts the path manager back as it was, but for what other open migrations need. The kernel's notes of addresses can only be
 * removed once the sockets that used them have closed, which is waited for; what another connection uses is left.
 */
export async function giveBack({ place, book }: LendingPlace, lease: Borrower): Promise<void> {
  using manager = await openPathManager(place.namespace);
  const links = await linkIndexes(place.namespace);
  const look = async (): Promise<Pick<RestoreInput, 'now' | 'inUse'>> => ({
    now: await stateOf(manager, namesOf(links)),
    inUse: await addressesInUse(place.namespace),
  });
  const deadlineMonoMs = performance.now() + closingMs;
  while (notesInUse(releaseInput(book.read(), lease, await look())).length > 0 && performance.now() < deadlineMonoMs) {
    await sleep(lookAgainMs);
  }
  await book.hold(async (leases, keep) => {
    const { steps, left } = planRelease(leases, lease, await look());
    try {
      await carryOutAll(manager, steps, links);
    } finally {
      keep(left);
    }
  });
}

/** Acts on the announcement of a path's end, as far as no other open migration needs it as it is. */
export async function changeLentPath(
  { place, book }: LendingPlace,
  lease: Borrower,
  change: PathEndChange,
  end: PathEnd,
): Promise<void> {
  await book.hold(async (leases, keep) => {
    const plan = planEndChange(leases, lease, { change, address: end.address });
    if (plan.act === 'refuse') throw sharedWith(plan.other, end.address);
    keep(plan.left);
    if (plan.act === 'nothing') return;
    if (plan.act === 'renew') {
      await changePath(place, 'withdraw', end);
      await sleep(beforeNewAnnouncementMs);
    }
    await changePath(place, change, end);
  });
}

async function carryOutAll(
  manager: MptcpPathManager,
  steps: readonly RestoreStep[],
  links: ReadonlyMap<string, number>,
): Promise<void> {
  for (const step of steps) {
    if (step.kind === 'put-back') await addEndpoint(manager, step.endpoint, links);
    else await carryOut(manager, step, links);
  }
}

function sharedWith(migrationId: string, address: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'rejected',
    phase: 'copying',
    event: 'path',
    text: `Migration ${migrationId} uses ${address} as well, and MPTCP would pause it there too.`,
    remedy: 'Remove the path from this migration instead, or wait until the other one has ended.',
  });
}

async function stateOf(manager: MptcpPathManager, names: ReadonlyMap<number, string>): Promise<PathManagerState> {
  return {
    endpoints: (await manager.endpoints()).map((endpoint) => describeEndpoint(endpoint, names)),
    limits: { ...(await manager.limits()) },
  };
}

function namesOf(links: ReadonlyMap<string, number>): ReadonlyMap<number, string> {
  return new Map([...links].map(([name, index]) => [index, name]));
}

/** A socket without an inode belongs to no process any more: the kernel only sees it to its end. */
async function addressesInUse(namespace: NetworkPlace['namespace']): Promise<ReadonlySet<string>> {
  using session = openNetlinkSession('sock-diag', namespace);
  const query = { protocol: 'tcp', states: ['established'] } as const;
  const families = ['ipv4', 'ipv6'] as const;
  const tables = await Promise.all(families.map((family) => readSockets(session, { ...query, family })));
  const used = tables.flat().filter(({ subflow, inode }) => subflow !== undefined && inode !== 0);
  return new Set(used.map(({ localAddress }) => localAddress));
}
