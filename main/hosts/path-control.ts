import type { MptcpEndpoint } from '#contract/host.ts';
import type { PathAction, PathManagerChange } from '#contract/migration.ts';
import type { LinkChange, PathEnd, PathRestoration, SubflowName } from '#main/engine/ports.ts';
import { planRestore } from '#main/mptcp/plan/restore.ts';
import type { MptcpPathManager } from '#native/netlink/mptcp-path-manager.ts';
import { destroySocket } from '#native/netlink/destroy-socket.ts';
import { wasRefused } from '#native/netlink/netlink-error.ts';
import { readLinks } from '#native/netlink/network-links.ts';
import { openNetlinkSession, openPathManager } from '#native/netlink/open-session.ts';
import { readSockets } from '#native/netlink/socket-table.ts';
import { subscribeToLinkEvents } from '#native/netlink/subscription.ts';
import { describeEndpoint } from './facts/mptcp.ts';
import type { NetworkPlace } from './network-place.ts';

/** The MPTCP path manager of one network namespace, as far as a migration changes it. Needs CAP_NET_ADMIN there. */
export function changePathManager({ namespace }: NetworkPlace, changes: readonly PathManagerChange[]): void {
  using manager = openPathManager(namespace);
  const links = linkIndexes(namespace);
  for (const change of changes) carryOut(manager, change, links);
}

export function restorePathManager({ namespace }: NetworkPlace, restoration: PathRestoration): void {
  using manager = openPathManager(namespace);
  const links = linkIndexes(namespace);
  const names = new Map([...links].map(([name, index]) => [index, name]));
  const limits = { ...manager.limits() };
  const changes = planRestore({
    planned: restoration.planned,
    addresses: restoration.addresses,
    before: { endpoints: restoration.before.endpoints, limits: restoration.before.limits ?? limits },
    now: { endpoints: manager.endpoints().map((endpoint) => describeEndpoint(endpoint, names)), limits },
    inUse: addressesInUse(namespace),
  });
  for (const change of changes) carryOut(manager, change, links);
  for (const endpoint of restoration.before.endpoints) {
    if (restoration.touched.includes(endpoint.address)) putBack(manager, endpoint, links);
  }
}

/** A path that was withdrawn and joined again has got another id, one that was removed has none. */
function putBack(manager: MptcpPathManager, wanted: MptcpEndpoint, links: ReadonlyMap<string, number>): void {
  if (wanted.flags.includes('implicit')) return;
  const present = manager.endpoints().find((each) => each.address === wanted.address && each.port === wanted.port);
  if (present?.id === wanted.id && present.flags.join() === wanted.flags.join()) return;
  if (present) manager.removeEndpoint(present.id);
  const { id, address, port, interface: name, flags } = wanted;
  manager.addEndpoint({ id, address, port, interfaceIndex: name === undefined ? undefined : links.get(name), flags });
}

/**
 * Acts on the announcement of a path's end. The path that a connection began with has none of its own: it is closed by its
 * id 0, and gets an announcement when it is to be changed or joined again.
 */
export function changePath(place: NetworkPlace, action: Exclude<PathAction, 'withdraw'>, end: PathEnd): void {
  const { namespace } = place;
  using manager = openPathManager(namespace);
  const announced = manager
    .endpoints()
    .find((each) => each.address === end.address && !each.flags.includes('implicit'));
  const announce = (): void => carryOut(manager, announcementOf(end), linkIndexes(namespace));
  switch (action) {
    case 'add':
      if (!announced) announce();
      return;
    case 'remove':
      if (announced) manager.removeEndpoint(announced.id);
      manager.removeInitialAddress(end.address);
      return;
    case 'backup':
    case 'resume':
      if (!announced) announce();
      manager.setEndpointFlags({ address: end.address }, action === 'backup' ? ['backup'] : []);
      return;
    case 'rejoin':
      if (announced) {
        manager.removeEndpoint(announced.id);
        // A new id: the peer may hear of it first, and would take the end of the old id for one of the new path.
        manager.addEndpoint({ ...announced, id: undefined });
      } else {
        manager.removeInitialAddress(end.address);
        announce();
      }
      return;
  }
}

export function closeSubflows({ namespace }: NetworkPlace, path: SubflowName): void {
  using session = openNetlinkSession('sock-diag', namespace);
  const rows = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    readSockets(session, { protocol: 'tcp', family, states: ['established'], remotePorts: [path.remotePort] }),
  );
  for (const row of rows) {
    const isOfPath = row.localAddress === path.localAddress && row.remoteAddress === path.remoteAddress;
    if (row.subflow && isOfPath) destroySocket(session, row);
  }
}

export function watchLinks({ namespace }: NetworkPlace, listener: (change: LinkChange) => void): Disposable {
  const carriers = new Map<string, boolean>();
  const note = (name: string, carrier: boolean): void => {
    if (carriers.get(name) === carrier) return;
    carriers.set(name, carrier);
    listener({ interface: name, carrier });
  };
  const readAll = (): void => {
    using session = openNetlinkSession('route', namespace);
    for (const { name, enabled, carrier } of readLinks(session)) note(name, enabled && carrier);
  };
  {
    using session = openNetlinkSession('route', namespace);
    for (const { name, enabled, carrier } of readLinks(session)) carriers.set(name, enabled && carrier);
  }
  return subscribeToLinkEvents(namespace, {
    onEvent: (event) => {
      if (event.kind === 'link-changed') note(event.link.name, event.link.enabled && event.link.carrier);
      if (event.kind === 'link-removed') note(event.link.name, false);
    },
    onGap: readAll,
  });
}

function carryOut(manager: MptcpPathManager, change: PathManagerChange, links: ReadonlyMap<string, number>): void {
  switch (change.kind) {
    case 'set-limits':
      manager.setLimits(change.limits);
      return;
    case 'remove-endpoint':
      manager.removeEndpoint(change.endpoint.id);
      return;
    case 'add-endpoint':
      addEndpoint(manager, change.endpoint, links);
      return;
  }
}

/** One that is there already was added by a manager that died before it could say so. */
function addEndpoint(
  manager: MptcpPathManager,
  { address, port, interface: name, flags }: Omit<MptcpEndpoint, 'id'>,
  links: ReadonlyMap<string, number>,
): void {
  try {
    manager.addEndpoint({ address, port, interfaceIndex: name === undefined ? undefined : links.get(name), flags });
  } catch (thrown) {
    if (!wasRefused(thrown, 'EEXIST')) throw thrown;
  }
}

function announcementOf({ address, interface: name }: PathEnd): PathManagerChange {
  return { kind: 'add-endpoint', endpoint: { address, interface: name, flags: ['signal'] } };
}

function linkIndexes(namespace: NetworkPlace['namespace']): Map<string, number> {
  using session = openNetlinkSession('route', namespace);
  return new Map(readLinks(session).map(({ name, index }) => [name, index]));
}

function addressesInUse(namespace: NetworkPlace['namespace']): ReadonlySet<string> {
  using session = openNetlinkSession('sock-diag', namespace);
  const rows = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    readSockets(session, { protocol: 'tcp', family, states: ['established'] }),
  );
  return new Set(rows.filter(({ subflow }) => subflow !== undefined).map(({ localAddress }) => localAddress));
}
