import { isIPv4, isIPv6 } from 'node:net';

/**
 * The bytes of a numeric IP address in network order: 4 for IPv4, 16 for IPv6. Names and IPv6 zones ("%eth0") are
 * refused: resolve the one and take the other as a scope id before coming here.
 */
export function parseIpAddress(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  if (isIPv6(text) && !text.includes('%')) return parseIpv6(text);
  throw new TypeError(`"${text}" is not a numeric IP address; write it like 192.0.2.1 or 2001:db8::1.`);
}

/** The text of 4 or 16 address bytes; IPv6 in the form of RFC 5952 section 4. */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length === 16) return formatIpv6(bytes);
  throw new TypeError(`An IP address has 4 or 16 bytes, not ${bytes.length}.`);
}

function parseIpv6(text: string): Buffer {
  const [head = '', tail] = text.split('::');
  const headGroups = ipv6Groups(head);
  const tailGroups = ipv6Groups(tail ?? '');
  const zeros = Array.from({ length: 8 - headGroups.length - tailGroups.length }, () => 0);
  const bytes = Buffer.alloc(16);
  [...headGroups, ...zeros, ...tailGroups].forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}

function ipv6Groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const embedded = Buffer.from(group.split('.').map(Number));
    return [embedded.readUInt16BE(0), embedded.readUInt16BE(2)];
  });
}

function formatIpv6(bytes: Uint8Array): string {
  const view = Buffer.from(bytes);
  if (isIpv4Mapped(view)) return `::ffff:${formatIpAddress(view.subarray(12))}`;
  const groups = Array.from({ length: 8 }, (_, index) => view.readUInt16BE(index * 2).toString(16));
  // RFC 5952 4.2: shorten the longest run of two or more zero groups, the first of equals.
  const runs = [...groups.join(':').matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)];
  const longest = runs.reduce<RegExpExecArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  );
  if (longest === undefined) return groups.join(':');
  const joined = groups.join(':');
  const before = joined.slice(0, longest.index).replace(/:$/, '');
  const after = joined.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}

function isIpv4Mapped(bytes: Buffer): boolean {
  return bytes.readUInt32BE(0) === 0 && bytes.readUInt32BE(4) === 0 && bytes.readUInt32BE(8) === 0xffff;
}
