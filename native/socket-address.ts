import { AF_INET, AF_INET6, AF_UNIX } from './constants.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';

/** Where a socket is or goes. Ports in host order. */
export type SocketAddress =
  | { readonly family: 'ipv4'; readonly address: string; readonly port: number }
  /** `scopeId` is the interface index that a link-local address needs; absent means none. */
  | { readonly family: 'ipv6'; readonly address: string; readonly port: number; readonly scopeId?: number }
  /** A path in the file system; '' is the address of an unnamed socket. */
  | { readonly family: 'unix'; readonly path: string }
  /** A name in the abstract namespace of the network namespace, without its leading NUL: unix(7). */
  | { readonly family: 'unix-abstract'; readonly name: string };

export type AddressFamily = 'ipv4' | 'ipv6' | 'unix';

/** struct sockaddr_storage: large enough for every address. */
export const SOCKADDR_STORAGE_BYTES = 128;

const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;
const UNIX_PATH_OFFSET = 2;
const UNIX_PATH_BYTES = 108;

/** `sockaddr_in`, `sockaddr_in6` or `sockaddr_un` (<linux/in.h>, <linux/in6.h>, <linux/un.h>). */
export function encodeSocketAddress(address: SocketAddress): Buffer {
  switch (address.family) {
    case 'ipv4': {
      const bytes = Buffer.alloc(SOCKADDR_IN_BYTES);
      bytes.writeUInt16LE(AF_INET, 0);
      bytes.writeUInt16BE(checkedPort(address.port), 2);
      bytes.set(ipBytes(address.address, 4), 4);
      return bytes;
    }
    case 'ipv6': {
      const bytes = Buffer.alloc(SOCKADDR_IN6_BYTES);
      bytes.writeUInt16LE(AF_INET6, 0);
      bytes.writeUInt16BE(checkedPort(address.port), 2);
      bytes.set(ipBytes(address.address, 16), 8);
      bytes.writeUInt32LE(address.scopeId ?? 0, 24);
      return bytes;
    }
    case 'unix': {
      const path = Buffer.from(address.path);
      // Beyond 107 the kernel would take a path without its closing NUL, and other programs could not reach it.
      if (path.length >= UNIX_PATH_BYTES) {
        throw new RangeError(`The socket path ${address.path} is longer than 107 bytes; use a shorter folder.`);
      }
      if (path.includes(0)) throw new TypeError('A socket path cannot contain a NUL.');
      return unixAddress(address.path === '' ? path : Buffer.concat([path, Buffer.alloc(1)]));
    }
    case 'unix-abstract': {
      const name = Buffer.concat([Buffer.alloc(1), Buffer.from(address.name)]);
      if (name.length > UNIX_PATH_BYTES) throw new RangeError('An abstract socket name is at most 107 bytes long.');
      return unixAddress(name);
    }
  }
}

/** Reads a socket address of any of our families; `undefined` for a family that we do not speak. */
export function decodeSocketAddress(bytes: Buffer): SocketAddress | undefined {
  if (bytes.length < 2) return undefined;
  const family = bytes.readUInt16LE(0);
  if (family === AF_INET && bytes.length >= SOCKADDR_IN_BYTES) {
    return { family: 'ipv4', address: formatIpAddress(bytes.subarray(4, 8)), port: bytes.readUInt16BE(2) };
  }
  if (family === AF_INET6 && bytes.length >= SOCKADDR_IN6_BYTES) {
    const scopeId = bytes.readUInt32LE(24);
    const address = formatIpAddress(bytes.subarray(8, 24));
    const port = bytes.readUInt16BE(2);
    return scopeId === 0 ? { family: 'ipv6', address, port } : { family: 'ipv6', address, port, scopeId };
  }
  if (family === AF_UNIX) {
    const path = bytes.subarray(UNIX_PATH_OFFSET, UNIX_PATH_OFFSET + UNIX_PATH_BYTES);
    if (path.length > 1 && path[0] === 0) return { family: 'unix-abstract', name: path.toString('utf8', 1) };
    const end = path.indexOf(0);
    return { family: 'unix', path: path.toString('utf8', 0, end === -1 ? path.length : end) };
  }
  return undefined;
}

/** The address as an operator writes it: 192.0.2.1:4444, [2001:db8::1]:4444, a path, or @name. */
export function formatSocketAddress(address: SocketAddress): string {
  switch (address.family) {
    case 'ipv4':
      return `${address.address}:${address.port}`;
    case 'ipv6':
      return `[${address.address}${address.scopeId === undefined ? '' : `%${address.scopeId}`}]:${address.port}`;
    case 'unix':
      return address.path;
    case 'unix-abstract':
      return `@${address.name}`;
  }
}

function unixAddress(path: Buffer): Buffer {
  const bytes = Buffer.alloc(UNIX_PATH_OFFSET + path.length);
  bytes.writeUInt16LE(AF_UNIX, 0);
  bytes.set(path, UNIX_PATH_OFFSET);
  return bytes;
}

function ipBytes(text: string, length: 4 | 16): Buffer {
  const bytes = parseIpAddress(text);
  if (bytes.length !== length) throw new TypeError(`"${text}" is not an IPv${length === 4 ? 4 : 6} address.`);
  return bytes;
}

function checkedPort(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`${port} is not a port; ports go from 0 to 65535.`);
  }
  return port;
}
