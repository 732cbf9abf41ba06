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
  using manager = openPathManager(namespace);
  const links = linkIndexes(namespace);
  const names = new Map([...links].map(([name, index]) => [index, name]));
  const look = (): RestoreInput => inputOf(place, manager, restoration, names);
  const deadlineMonoMs = performance.now() + closingMs;
  while (notesInUse(look()).length > 0 && performance.now() < deadlineMonoMs) await sleep(lookAgainMs);
  for (const step of planRestore(look())) {
    if (step.kind === 'put-back') addEndpoint(manager, step.endpoint, links);
    else carryOut(manager, step, links);
  }
}

function inputOf(
  { namespace }: NetworkPlace,
  manager: MptcpPathManager,
  { planned, addresses, touched, before }: PathRestoration,
  names: ReadonlyMap<number, string>,
): RestoreInput {
  const limits = { ...manager.limits() };
  return {
    planned,
    addresses,
    touched,
    before: { endpoints: before.endpoints, limits: before.limits ?? limits },
    now: { endpoints: manager.endpoints().map((endpoint) => describeEndpoint(endpoint, names)), limits },
    inUse: addressesInUse(namespace),
  };
}

/** A socket without an inode belongs to no process any more: the kernel only sees it to its end. */
function addressesInUse(namespace: NetworkPlace['namespace']): ReadonlySet<string> {
  using session = openNetlinkSession('sock-diag', namespace);
  const rows = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    readSockets(session, { protocol: 'tcp', family, states: ['established'] }),
  );
  const used = rows.filter(({ subflow, inode }) => subflow !== undefined && inode !== 0);
  return new Set(used.map(({ localAddress }) => localAddress));
}
