import { isIP, isIPv6 } from 'node:net';
import { parseIpAddress } from '#native/ip-address.ts';

/** Whether `address` lies in the subnet that `network/prefixLength` names; never across address families. */
export function inSubnet(address: string, network: string, prefixLength: number): boolean {
  return isIPv6(network) === isIPv6(address) && networkOf(address, prefixLength) === networkOf(network, prefixLength);
}

/** Alike for the addresses of one subnet, so that a subnet's addresses can be looked up rather than searched for. */
export function networkOf(address: string, prefixLength: number): string {
  const bytes = Buffer.from(parseIpAddress(address));
  for (const [position] of bytes.entries()) {
    const kept = Math.min(8, Math.max(0, prefixLength - position * 8));
    bytes[position] = (bytes[position] ?? 0) & (0xff << (8 - kept));
  }
  return `${bytes.toString('hex')}/${prefixLength}`;
}

/** fe80::/10 is on every link and says nothing about which two ports are cabled together. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

export type Family = 'ipv4' | 'ipv6';

export function familyOf(address: string): Family {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
