import { BlockList, isIPv6 } from 'node:net';
import type { HostFacts, NetworkInterface } from '#contract/host.ts';
import type { Path } from '#contract/migration.ts';

/**
 * The interface pairs that can carry a subflow: both up, with addresses of one family in one subnet. Fastest first, since
 * the first carries the initial subflow, and alone when there is no MPTCP. Each interface is used once: a second pair
 * through the same port adds no capacity.
 */
export function pathsBetween(source: HostFacts, destination: HostFacts): Path[] {
  const pairs = source.interfaces
    .filter(isUsable)
    .flatMap((from) => destination.interfaces.filter(isUsable).flatMap((to) => pathBetween(from, to) ?? []))
    .toSorted((a, b) => (b.speedBitsPerSecond ?? 0) - (a.speedBitsPerSecond ?? 0));
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

function pathBetween(from: NetworkInterface, to: NetworkInterface): Path | undefined {
  for (const local of from.addresses.filter(({ address }) => !isLinkLocal(address))) {
    const remote = to.addresses.find(({ address }) => inSameSubnet(local, address));
    if (!remote) continue;
    const speeds = [from.speedBitsPerSecond, to.speedBitsPerSecond].filter((speed) => speed !== undefined);
    return {
      sourceInterface: from.name,
      sourceAddress: local.address,
      destinationInterface: to.name,
      destinationAddress: remote.address,
      ...(speeds.length > 0 ? { speedBitsPerSecond: Math.min(...speeds) } : {}),
      mtu: Math.min(from.mtu, to.mtu),
    };
  }
  return undefined;
}

function inSameSubnet(local: { address: string; prefixLength: number }, address: string): boolean {
  if (isIPv6(local.address) !== isIPv6(address) || local.address === address) return false;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const subnet = new BlockList();
  subnet.addSubnet(local.address, local.prefixLength, family);
  return subnet.check(address, family);
}

/** fe80::/10 is on every link and says nothing about which two ports are cabled together. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
