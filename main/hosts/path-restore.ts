import { setTimeout as sleep } from 'node:timers/promises';
import type { PathRestoration } from '#main/engine/ports.ts';
import { notesInUse, planRestore, type RestoreInput } from '#main/mptcp/plan/restore.ts';
import type { MptcpPathManager } from '#native/netlink/mptcp-path-manager.ts';
import { openNetlinkSession, openPathManager } from '#native/netlink/open-session.ts';
import { readSockets } from '#native/netlink/socket-table.ts';
import { describeEndpoint } from './facts/mptcp.ts';
import type { NetworkPlace } from './network-place.ts';
import { addEndpoint, carryOut, linkIndexes } from './path-control.ts';

/** A socket that its process has closed says goodbye to its peer within some round trips. */
const closingMs = 1000;
const lookAgainMs = 50;

/**
 * Puts the path manager back as it was. The kernel's notes of addresses can only be removed once the sockets that used them
 * have closed, which is waited for; what another connection uses is left.
 */
export async function restorePathManager(place: NetworkPlace, restoration: PathRestoration): Promise<void> {
  const { namespace } = place;
  using manager = await openPathManager(namespace);
  const links = await linkIndexes(namespace);
  const names = new Map([...links].map(([name, index]) => [index, name]));
  const look = (): Promise<RestoreInput> => inputOf(place, manager, restoration, names);
  const deadlineMonoMs = performance.now() + closingMs;
  while (notesInUse(await look()).length > 0 && performance.now() < deadlineMonoMs) await sleep(lookAgainMs);
  for (const step of planRestore(await look())) {
    if (step.kind === 'put-back') await addEndpoint(manager, step.endpoint, links);
    else await carryOut(manager, step, links);
  }
}

async function inputOf(
  { namespace }: NetworkPlace,
  manager: MptcpPathManager,
  { planned, addresses, touched, before }: PathRestoration,
  names: ReadonlyMap<number, string>,
): Promise<RestoreInput> {
  const limits = { ...(await manager.limits()) };
  return {
    planned,
    addresses,
    touched,
    before: { endpoints: before.endpoints, limits: before.limits ?? limits },
    now: { endpoints: (await manager.endpoints()).map((endpoint) => describeEndpoint(endpoint, names)), limits },
    inUse: await addressesInUse(namespace),
  };
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
