import { readFileSync } from 'node:fs';
import type { NetworkInterface } from '#contract/host.ts';
import type { BitsPerSecond } from '#contract/units.ts';
import { readAddresses, readLinks, type InterfaceAddress, type NetworkLink } from '#native/netlink/network-links.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { readShapedRates } from '#native/netlink/shaped-rates.ts';
import type { NetworkNamespacePlace } from '#native/network-namespace.ts';

/**
 * The interfaces of a network namespace except loopback. A speed is what shaping allows, else what the hardware
 * reports; the latter only in our own namespace, because /sys shows no other.
 */
export async function readInterfaces(namespace: NetworkNamespacePlace | undefined): Promise<NetworkInterface[]> {
  using session = openNetlinkSession('route', namespace);
  const [links, addresses, shapedRates] = await Promise.all([
    readLinks(session),
    readAddresses(session),
    readShapedRates(session),
  ]);
  return links
    .filter((link) => !link.loopback)
    .map((link) => {
      const shaped = shapedRates.get(link.index);
      const reported = namespace === undefined && isHardware(link) ? reportedSpeed(link.name) : undefined;
      const master = links.find(({ index }) => index === link.masterIndex)?.name;
      return {
        ...describeLink(link, addresses, shaped === undefined ? reported : shaped * 8),
        ...(master === undefined ? {} : { master }),
      };
    });
}

function describeLink(
  { name, index, enabled, carrier, mtuBytes }: NetworkLink,
  addresses: readonly InterfaceAddress[],
  speedBitsPerSecond: BitsPerSecond | undefined,
): NetworkInterface {
  return {
    name,
    index,
    up: enabled,
    carrier,
    mtu: mtuBytes,
    ...(speedBitsPerSecond === undefined ? {} : { speedBitsPerSecond }),
    addresses: addresses
      .filter((each) => each.interfaceIndex === index)
      .map(({ address, prefixLength }) => ({ address, prefixLength })),
  };
}

// Software interfaces report a made-up speed: 10 Gbit/s for veth, 10 Mbit/s for tap. Those built on hardware pass its
// on.
function isHardware({ kind }: NetworkLink): boolean {
  return kind === undefined || kind === 'bond' || kind === 'team' || kind === 'vlan';
}

function reportedSpeed(name: string): BitsPerSecond | undefined {
  try {
    return parseReportedSpeed(readFileSync(`/sys/class/net/${name}/speed`, 'utf8'));
  } catch {
    // Interfaces that are down refuse to be read.
    return undefined;
  }
}

/** Mbit/s (Documentation/ABI/testing/sysfs-class-net); -1 when unknown. */
export function parseReportedSpeed(text: string): BitsPerSecond | undefined {
  const megabits = Number(text);
  return Number.isInteger(megabits) && megabits > 0 ? megabits * 1e6 : undefined;
}
