import type { HostFacts, NetworkInterface } from '#contract/host.ts';
import type { Path } from '#contract/migration.ts';
import { answerFor, type RoutesBetween } from './routes.ts';
import { inSubnet, isLinkLocal } from './subnet.ts';

/**
 * The interface pairs that can carry a subflow: both up, with addresses of one family, in one subnet or, where the routes
 * are known, with a way from each to the other. Fastest first, since the first carries the initial subflow, and alone when
 * there is no MPTCP; shared subnets before routed pairs of the same speed. Each interface is used once: a second pair
 * through the same port adds no capacity.
 */
export function pathsBetween(
  source: Pick<HostFacts, 'interfaces'>,
  destination: Pick<HostFacts, 'interfaces'>,
  routes?: RoutesBetween,
): Path[] {
  const [sources, destinations] = [source.interfaces.filter(isUsable), destination.interfaces.filter(isUsable)];
  const all = (pair: (from: NetworkInterface, to: NetworkInterface) => Path | undefined): Path[] =>
    sources.flatMap((from) => destinations.flatMap((to) => pair(from, to) ?? []));
  const pairs = [...all(inOneSubnet), ...(routes ? all((from, to) => routed(from, to, routes)) : [])].toSorted(
    (a, b) => (b.speedBitsPerSecond ?? 0) - (a.speedBitsPerSecond ?? 0),
  );
  const taken = new Set<string>();
  return pairs.filter((path) => {
    const ports = [`source/${path.sourceInterface}`, `destination/${path.destinationInterface}`];
    if (ports.some((port) => taken.has(port))) return false;
    for (const port of ports) taken.add(port);
    return true;
  });
}

function isUsable(candidate: NetworkInterface): boolean {
  return candidate.up && candidate.carrier;
}

function inOneSubnet(from: NetworkInterface, to: NetworkInterface): Path | undefined {
  for (const local of usableAddresses(from)) {
    const remote = usableAddresses(to).find(
      ({ address }) => address !== local.address && inSubnet(address, local.address, local.prefixLength),
    );
    if (remote) return pathOf(from, local.address, to, remote.address);
  }
  return undefined;
}

/** Each end must leave by this very interface: a route over another one would share that one's capacity. */
function routed(from: NetworkInterface, to: NetworkInterface, routes: RoutesBetween): Path | undefined {
  for (const { address: local } of usableAddresses(from)) {
    for (const { address: remote } of usableAddresses(to)) {
      const there = answerFor(routes.source, remote, local)?.interface === from.name;
      const back = answerFor(routes.destination, local, remote)?.interface === to.name;
      if (there && back) return pathOf(from, local, to, remote);
    }
  }
  return undefined;
}

function usableAddresses({ addresses }: NetworkInterface): NetworkInterface['addresses'] {
  return addresses.filter(({ address }) => !isLinkLocal(address));
}

function pathOf(from: NetworkInterface, local: string, to: NetworkInterface, remote: string): Path {
  const speeds = [from.speedBitsPerSecond, to.speedBitsPerSecond].filter((speed) => speed !== undefined);
  return {
    sourceInterface: from.name,
    sourceAddress: local,
    destinationInterface: to.name,
    destinationAddress: remote,
    ...(speeds.length > 0 ? { speedBitsPerSecond: Math.min(...speeds) } : {}),
    mtu: Math.min(from.mtu, to.mtu),
  };
}
