import type { MptcpEndpoint } from '#contract/host.ts';
import type { PathManagerChange } from '#contract/migration.ts';
import { SwitchyardError } from '#contract/errors.ts';
import type { PathEnd, PathEndChange, PortCounter, SocketName, SubflowName } from '#main/engine/ports.ts';
import { destroySocket } from '#native/netlink/destroy-socket.ts';
import type { Endpoint } from '#native/netlink/mptcp-endpoint.ts';
import type { MptcpPathManager } from '#native/netlink/mptcp-path-manager.ts';
import { wasRefused } from '#native/netlink/netlink-error.ts';
import { readLinkCounters } from '#native/netlink/link-counters.ts';
import { readNeighbours, removeNeighbour } from '#native/netlink/neighbours.ts';
import { readLinks } from '#native/netlink/network-links.ts';
import { openNetlinkSession, openPathManager } from '#native/netlink/open-session.ts';
import { readSockets } from '#native/netlink/socket-table.ts';
import { connectedStates } from '#native/netlink/tcp-state.ts';
import type { NetworkPlace } from './network-place.ts';

/** The MPTCP path manager of one network namespace, as far as a migration changes it. Needs CAP_NET_ADMIN there. */
export async function changePathManager(
  { namespace }: NetworkPlace,
  changes: readonly PathManagerChange[],
): Promise<void> {
  using manager = await openPathManager(namespace);
  const links = await linkIndexes(namespace);
  for (const change of changes) await carryOut(manager, change, links);
}

export async function carryOut(
  manager: MptcpPathManager,
  change: PathManagerChange,
  links: ReadonlyMap<string, number>,
): Promise<void> {
  switch (change.kind) {
    case 'set-limits':
      await manager.setLimits(change.limits);
      return;
    case 'remove-endpoint':
      await manager.removeEndpoint(change.endpoint.id);
      return;
    case 'add-endpoint':
      await addEndpoint(manager, change.endpoint, links);
      return;
  }
}

/** One that is there already was added by a manager that died before it could record it. */
export async function addEndpoint(
  manager: MptcpPathManager,
  { id, address, port, interface: name, flags }: Omit<MptcpEndpoint, 'id'> & { readonly id?: number },
  links: ReadonlyMap<string, number>,
): Promise<void> {
  try {
    const interfaceIndex = name === undefined ? undefined : links.get(name);
    await manager.addEndpoint({ id, address, port, interfaceIndex, flags });
  } catch (thrown) {
    if (!wasRefused(thrown, 'EEXIST')) throw thrown;
  }
}

/**
 * Acts on the announcement of a path's end. The path that a connection began with has none of its own: it is closed by its
 * id 0, and gets an announcement when it is to be changed or joined again.
 */
export async function changePath({ namespace }: NetworkPlace, change: PathEndChange, end: PathEnd): Promise<void> {
  using manager = await openPathManager(namespace);
  const announce = async (): Promise<void> => addEndpoint(manager, end, await linkIndexes(namespace));
  const present = await endpointAt(manager, end);
  switch (change) {
    case 'announce':
      if (!present) return await announce();
      if (!present.flags.includes('signal')) throw notAnnounced(end, present);
      return await setPaused(manager, present, end.flags.includes('backup'));
    case 'withdraw':
      if (present?.flags.includes('signal') === true) await manager.removeEndpoint(present.id);
      await manager.removeInitialAddress(end.address);
      return;
    case 'pause':
    case 'resume': {
      if (!present) await announce();
      const announced = present ?? (await endpointAt(manager, end));
      if (announced) await setPaused(manager, announced, change === 'pause');
      return;
    }
  }
}

async function endpointAt(manager: MptcpPathManager, { address, port }: PathEnd): Promise<Endpoint | undefined> {
  const all = await manager.endpoints();
  return all.find((each) => each.address === address && each.port === port && !each.flags.includes('implicit'));
}

async function setPaused(manager: MptcpPathManager, { id, flags }: Endpoint, paused: boolean): Promise<void> {
  if (flags.includes('backup') !== paused) await manager.setEndpointFlags({ id }, paused ? ['backup'] : []);
}

function notAnnounced({ address }: PathEnd, { id, flags }: Endpoint): SwitchyardError {
  return new SwitchyardError({
    kind: 'rejected',
    phase: 'copying',
    event: 'path',
    text: `${address} is an MPTCP endpoint of another program (${flags.join(', ')}), which does not announce it.`,
    remedy: `See what made it; \`ip mptcp endpoint delete id ${id}\` removes it.`,
  });
}

/**
 * Also those that the peer's withdrawal has begun to close: without a carrier their farewell would take minutes. A kernel
 * that cannot close a socket for us (no CONFIG_INET_DIAG_DESTROY) closes it when it gives up.
 */
export async function closeSubflows(
  { namespace }: NetworkPlace,
  { localAddress, remoteAddress, port }: SubflowName,
): Promise<void> {
  using session = openNetlinkSession('sock-diag', namespace);
  const query = { protocol: 'tcp', states: connectedStates, localPorts: [port], remotePorts: [port] } as const;
  const families = ['ipv4', 'ipv6'] as const;
  const tables = await Promise.all(families.map((family) => readSockets(session, { ...query, family })));
  for (const row of tables.flat()) {
    const isOfPath = row.localAddress === localAddress && row.remoteAddress === remoteAddress;
    if (!row.subflow || !isOfPath) continue;
    try {
      await destroySocket(session, row);
    } catch (thrown) {
      if (!wasRefused(thrown, 'EOPNOTSUPP')) throw thrown;
    }
  }
}

export async function portCounters({ namespace }: NetworkPlace): Promise<PortCounter[]> {
  using session = openNetlinkSession('route', namespace);
  return (await readLinkCounters(session)).map(({ name, ...bytes }) => ({ interface: name, ...bytes }));
}

export async function unansweredNeighbours({ namespace }: NetworkPlace): Promise<string[]> {
  using session = openNetlinkSession('route', namespace);
  return (await readNeighbours(session)).flatMap(({ unanswered, address }) => (unanswered ? [address] : []));
}

/**
 * Ends the connections to that address that are still being made; of MPTCP, the first subflow, with which the connection
 * ends. A kernel that cannot (no CONFIG_INET_DIAG_DESTROY) lets them end when it gives up.
 */
export async function hangUp({ namespace }: NetworkPlace, { address, port }: SocketName): Promise<void> {
  using session = openNetlinkSession('sock-diag', namespace);
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const rows = await readSockets(session, { protocol: 'tcp', states: ['syn-sent'], remotePorts: [port], family });
  for (const row of rows) {
    if (row.remoteAddress !== address) continue;
    try {
      await destroySocket(session, row);
    } catch (thrown) {
      if (!wasRefused(thrown, 'EOPNOTSUPP')) throw thrown;
    }
  }
}

/**
 * Forgets whom an interface has asked for in vain. Something that was sent while its link was away has begun to ask; until
 * that is given up, three seconds later, a join would wait for its answer and fail with it, although the link is back.
 */
export async function askNeighboursAnew({ namespace }: NetworkPlace, interfaceName: string): Promise<void> {
  using session = openNetlinkSession('route', namespace);
  const index = (await readLinks(session)).find(({ name }) => name === interfaceName)?.index;
  for (const neighbour of await readNeighbours(session)) {
    if (neighbour.unanswered && neighbour.interfaceIndex === index) await removeNeighbour(session, neighbour);
  }
}

export async function linkIndexes(namespace: NetworkPlace['namespace']): Promise<Map<string, number>> {
  using session = openNetlinkSession('route', namespace);
  return new Map((await readLinks(session)).map(({ name, index }) => [name, index]));
}
