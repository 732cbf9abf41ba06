import { readFileSync } from 'node:fs';
import type { NetworkInterface } from '#contract/host.ts';
import type { BitsPerSecond } from '#contract/units.ts';
import { readAddresses, readLinks, type InterfaceAddress, type NetworkLink } from '#native/netlink/network-links.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { readShapedRates } from '#native/netlink/shaped-rates.ts';
import type { NetworkNamespacePlace } from '#native/network-namespace.ts';
import { linkSpeeds } from './link-speeds.ts';

/**
 * The interfaces of a network namespace except loopback. A speed is what shaping allows, else what the hardware
 * reports; the latter only in our own namespace, because /sys shows no other. What is built on other interfaces has theirs.
 */
export async function readInterfaces(namespace: NetworkNamespacePlace | undefined): Promise<NetworkInterface[]> {
  using session = openNetlinkSession('route', namespace);
  const [links, addresses, shapedRates] = await Promise.all([
    readLinks(session),
    readAddresses(session),
    readShapedRates(session),
  ]);
  const speeds = linkSpeeds(links, {
    shaped: (index) => toBits(shapedRates.get(index)),
    reported: ({ kind, name }) => (namespace === undefined && kind === undefined ? reportedSpeed(name) : undefined),
  });
  const names = new Map(links.map(({ index, name }) => [index, name]));
  const byInterface = Map.groupBy(addresses, ({ interfaceIndex }) => interfaceIndex);
  return links
    .filter((link) => !link.loopback)
    .map((link) => ({
      ...describeLink(link, names),
      ...speeds.get(link.index),
      addresses: (byInterface.get(link.index) ?? []).map(describeAddress),
    }));
}

function describeLink(link: NetworkLink, names: ReadonlyMap<number, string>): Omit<NetworkInterface, 'addresses'> {
  const nameOf = (index: number | undefined): string | undefined => (index === undefined ? index : names.get(index));
  const [master, parent, activePort] = [nameOf(link.masterIndex), parentOf(link, nameOf), nameOf(link.activePortIndex)];
  const { kind, bondMode, physicalPort } = link;
  return {
    name: link.name,
    index: link.index,
    up: link.enabled,
    carrier: link.carrier,
    mtu: link.mtuBytes,
    ...(master === undefined ? {} : { master }),
    ...(kind === undefined ? {} : { kind }),
    ...(parent === undefined ? {} : { parent }),
    ...(kind === 'veth' && link.lowerIndex !== undefined ? { peerIndex: link.lowerIndex } : {}),
    ...(bondMode === undefined ? {} : { bondMode }),
    ...(activePort === undefined ? {} : { activePort }),
    ...(physicalPort === undefined ? {} : { physicalPort }),
  };
}

/** The other end of a veth carries nothing for it: it is where its packets go. One elsewhere is written as `ip link` writes it. */
function parentOf(
  { kind, lowerIndex, lowerNamespace }: NetworkLink,
  nameOf: (index: number) => string | undefined,
): string | undefined {
  if (kind === 'veth' || lowerIndex === undefined) return undefined;
  return lowerNamespace === undefined ? nameOf(lowerIndex) : `if${lowerIndex}@ns${lowerNamespace}`;
}

function describeAddress({
  address,
  prefixLength,
  scope,
  flags,
}: InterfaceAddress): NetworkInterface['addresses'][number] {
  return {
    address,
    prefixLength,
    ...(flags.length === 0 ? {} : { flags: [...flags] }),
    ...(scope === 'global' ? {} : { scope }),
  };
}

function toBits(bytesPerSecond: number | undefined): BitsPerSecond | undefined {
  return bytesPerSecond === undefined ? undefined : bytesPerSecond * 8;
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
