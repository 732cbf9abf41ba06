import type { BitsPerSecond, Bytes, Fraction } from '#contract/units.ts';

export type Protocol = 'tcp' | 'mptcp';

/** A shaped link counts whole Ethernet frames (sch_tbf, by the length of the packet it queues). */
const ethernetHeaderBytes: Bytes = 14;
const ipHeaderBytes = { 4: 20, 6: 40 } as const;
/** 20 bytes and the time stamps (RFC 7323, section 3), with which Linux fills every segment. */
const tcpHeaderBytes: Bytes = 32;
/** Data sequence signal with a mapping of 64 bits, without acknowledgement or checksum: 18 bytes padded to 20 (RFC 8684, section 3.3). */
const dataSequenceSignalBytes: Bytes = 20;

/** What is left of a link for the bytes that QEMU sends, when every segment is full. */
export function payloadFraction(mtu: Bytes, address: string, protocol: Protocol): Fraction {
  const ip = ipHeaderBytes[address.includes(':') ? 6 : 4];
  const headers = ip + tcpHeaderBytes + (protocol === 'mptcp' ? dataSequenceSignalBytes : 0);
  return Math.max(0, mtu - headers) / (mtu + ethernetHeaderBytes);
}

export interface Link {
  readonly sourceAddress: string;
  readonly mtu: Bytes;
  readonly speedBitsPerSecond?: BitsPerSecond | undefined;
}

/** What these links can carry together after headers; unknown as soon as one speed is. */
export function payloadCapacity(links: readonly Link[], protocol: Protocol): BitsPerSecond | undefined {
  const each = links.map(({ mtu, sourceAddress, speedBitsPerSecond }) =>
    speedBitsPerSecond === undefined ? undefined : speedBitsPerSecond * payloadFraction(mtu, sourceAddress, protocol),
  );
  const known = each.filter((capacity) => capacity !== undefined);
  return known.length > 0 && known.length === each.length
    ? known.reduce((sum, capacity) => sum + capacity, 0)
    : undefined;
}
