import { isIPv4 } from 'node:net';
import { formatIpAddress } from '#native/ip-address.ts';
import { malformed } from './netlink-error.ts';

/** Address families as netlink writes them (AF_INET, AF_INET6). */
export const addressFamilies = { ipv4: 2, ipv6: 10 } as const;
export type IpFamily = keyof typeof addressFamilies;

/** Of a numeric address: `parseIpAddress` refuses anything else. */
export function ipFamilyOf(address: string): IpFamily {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex');

/** 4 or 16 bytes as text; an IPv4 address that an IPv6 socket carries (`::ffff:192.0.2.1`) is written as plain IPv4. */
export function readIpAddress(bytes: Buffer): string {
  if (bytes.length !== 4 && bytes.length !== 16) throw malformed(`an IP address of ${bytes.length} bytes`);
  const isMapped = bytes.length === 16 && bytes.subarray(0, 12).equals(mappedPrefix);
  return formatIpAddress(isMapped ? bytes.subarray(12) : bytes);
}
