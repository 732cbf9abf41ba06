import { EOPNOTSUPP, ENOPROTOOPT, MPTCP_INFO, SOL_MPTCP } from './constants.ts';
import type { Fd } from './fd.ts';
import { NativeError } from './native-error.ts';
import { readStructOption } from './read-struct-option.ts';
import { type Decoded, structDecoder, type StructLayout } from './struct-layout.ts';

/** struct mptcp_info, <linux/mptcp.h>; 48 bytes in Linux 5.16, 96 in 6.10 and later. */
export const mptcpInfoLayout = {
  /** Subflows beside the initial one; joins that are still being tried count too. */
  extraSubflows: { offset: 0, kind: 'u8', member: 'mptcpi_subflows' },
  addressesSignalled: { offset: 1, kind: 'u8', member: 'mptcpi_add_addr_signal' },
  addressesAccepted: { offset: 2, kind: 'u8', member: 'mptcpi_add_addr_accepted' },
  maxExtraSubflows: { offset: 3, kind: 'u8', member: 'mptcpi_subflows_max' },
  maxAddressesSignalled: { offset: 4, kind: 'u8', member: 'mptcpi_add_addr_signal_max' },
  maxAddressesAccepted: { offset: 5, kind: 'u8', member: 'mptcpi_add_addr_accepted_max' },
  flagBits: { offset: 8, kind: 'u32', member: 'mptcpi_flags' },
  /** This side's name of the connection; shown as 8 hexadecimal digits. The peer has another. */
  token: { offset: 12, kind: 'u32', member: 'mptcpi_token' },
  writeSequence: { offset: 16, kind: 'sequence', member: 'mptcpi_write_seq' },
  unackedSequence: { offset: 24, kind: 'sequence', member: 'mptcpi_snd_una' },
  receiveSequence: { offset: 32, kind: 'sequence', member: 'mptcpi_rcv_nxt' },
  localAddressesUsed: { offset: 40, kind: 'u8', member: 'mptcpi_local_addr_used' },
  maxLocalAddresses: { offset: 41, kind: 'u8', member: 'mptcpi_local_addr_max' },
  checksumNumber: { offset: 42, kind: 'u8', member: 'mptcpi_csum_enabled' },
  /** Retransmissions by MPTCP itself: data sent again over another subflow. */
  retransmissions: { offset: 44, kind: 'u32', member: 'mptcpi_retransmits', since: '6.5' },
  bytesReinjected: { offset: 48, kind: 'u64', member: 'mptcpi_bytes_retrans', since: '6.5' },
  bytesSent: { offset: 56, kind: 'u64', member: 'mptcpi_bytes_sent', since: '6.5' },
  bytesReceived: { offset: 64, kind: 'u64', member: 'mptcpi_bytes_received', since: '6.5' },
  bytesAcked: { offset: 72, kind: 'u64', member: 'mptcpi_bytes_acked', since: '6.5' },
  /** The initial subflow included. */
  subflows: { offset: 80, kind: 'u8', member: 'mptcpi_subflows_total', since: '6.8' },
  sinceDataSentMs: { offset: 84, kind: 'u32', member: 'mptcpi_last_data_sent', since: '6.10' },
  sinceDataReceivedMs: { offset: 88, kind: 'u32', member: 'mptcpi_last_data_recv', since: '6.10' },
  sinceAckReceivedMs: { offset: 92, kind: 'u32', member: 'mptcpi_last_ack_recv', since: '6.10' },
} as const satisfies StructLayout;

/** What MPTCP knows about a whole connection. */
export interface MptcpInfo extends Omit<Decoded<typeof mptcpInfoLayout>, 'flagBits' | 'checksumNumber'> {
  /** Gone back to plain TCP. A socket that fell back refuses MPTCP_INFO; only the socket table shows this flag. */
  readonly hasFallenBack: boolean;
  readonly hasRemoteKey: boolean;
  readonly usesChecksums: boolean;
}

const MPTCP_INFO_FLAG_FALLBACK = 1;
const MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED = 2;

const decodeRaw = structDecoder(mptcpInfoLayout);

/** `undefined` for fewer bytes than Linux 5.16 returned. */
export function decodeMptcpInfo(bytes: Buffer): MptcpInfo | undefined {
  const raw = decodeRaw(bytes);
  if (raw === undefined) return undefined;
  const { flagBits, checksumNumber, ...rest } = raw;
  return {
    ...rest,
    hasFallenBack: (flagBits & MPTCP_INFO_FLAG_FALLBACK) !== 0,
    hasRemoteKey: (flagBits & MPTCP_INFO_FLAG_REMOTE_KEY_RECEIVED) !== 0,
    usesChecksums: checksumNumber !== 0,
  };
}

/** MPTCP_INFO of a socket; `undefined` when it is plain TCP or has fallen back to it. Linux 5.16 or newer. */
export function readMptcpInfo(fd: Fd): MptcpInfo | undefined {
  return ofMptcpOnly(() => decodeMptcpInfo(readStructOption(fd, SOL_MPTCP, MPTCP_INFO, 'read MPTCP_INFO')));
}

/**
 * Runs a read of a SOL_MPTCP option; `undefined` where the kernel has none for this socket. A socket that is plain TCP
 * answers EOPNOTSUPP or ENOPROTOOPT, depending on its address family.
 */
export function ofMptcpOnly<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NativeError && (error.errno === EOPNOTSUPP || error.errno === ENOPROTOOPT)) return undefined;
    throw error;
  }
}
