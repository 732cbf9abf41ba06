import { readNeighbours } from '#native/netlink/neighbours.ts';
import { readLinks } from '#native/netlink/network-links.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import type { NetworkPlace } from './network-place.ts';

/** The hardware addresses of every interface of this place, as hexadecimal digits. */
export async function linkAddressesOf({ namespace }: NetworkPlace): Promise<string[]> {
  using session = openNetlinkSession('route', namespace);
  return (await readLinks(session)).flatMap(({ linkAddress }) => linkAddress ?? []);
}

/**
 * The hardware address of the machine that answers for `address` here, where it is none of `expected`: another machine has
 * the address as well. `undefined` where it is one of them, where this place has not asked yet, and where a router is in
 * between. A machine that answers for several addresses is a proxy (`proxy_arp`, the gateway of a cloud) and shows nothing.
 */
export async function otherMachineAt(
  { namespace }: NetworkPlace,
  address: string,
  expected: readonly string[],
): Promise<string | undefined> {
  using session = openNetlinkSession('route', namespace);
  const neighbours = await readNeighbours(session);
  const other = neighbours.find(
    (each) =>
      each.address === address &&
      !each.unanswered &&
      each.linkAddress !== undefined &&
      !expected.includes(each.linkAddress) &&
      !neighbours.some(({ linkAddress, address: its }) => linkAddress === each.linkAddress && its !== address),
  );
  return other?.linkAddress?.replaceAll(/..(?=.)/g, '$&:');
}
