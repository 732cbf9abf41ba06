import type { SocketName } from '#main/engine/ports.ts';
import type { SocketAddress } from '#native/socket-address.ts';

/** An internet address as the engine names it. On a listener of both families an IPv4 peer comes as `::ffff:192.0.2.1`. */
export function nameOf(address: SocketAddress | undefined): SocketName {
  if (address?.family !== 'ipv4' && address?.family !== 'ipv6') throw new TypeError('not an internet socket');
  return { address: address.address.replace(/^::ffff:(?=\d+\.)/i, ''), port: address.port };
}

export function addressOf({ address, port }: SocketName): Extract<SocketAddress, { family: 'ipv4' | 'ipv6' }> {
  return { family: address.includes(':') ? 'ipv6' : 'ipv4', address, port };
}

export function isSame(one: SocketName, other: SocketName): boolean {
  return one.address === other.address && one.port === other.port;
}
