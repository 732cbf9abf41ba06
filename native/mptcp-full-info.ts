import { MPTCP_FULL_INFO, SOL_MPTCP } from './constants.ts';
import type { Fd } from './fd.ts';
import { decodeMptcpInfo, type MptcpInfo, ofMptcpOnly } from './mptcp-info.ts';
import { decodeSubflowAddresses, splitArray, type SubflowAddresses } from './mptcp-subflow-arrays.ts';
import { PinnedBuffer } from './pinned-buffer.ts';
import { readOptionInto } from './read-struct-option.ts';
import { structDecoder, type StructLayout } from './struct-layout.ts';
import { decodeTcpInfo, type TcpInfo } from './tcp-info.ts';

/** struct mptcp_full_info, <linux/mptcp.h>; Linux 6.5. A struct mptcp_info follows these fields. */
export const fullInfoLayout = {
  kernelTcpInfoBytes: { offset: 0, kind: 'u32', member: 'size_tcpinfo_kernel' },
  tcpInfoBytes: { offset: 4, kind: 'u32', member: 'size_tcpinfo_user' },
  kernelSubflowInfoBytes: { offset: 8, kind: 'u32', member: 'size_sfinfo_kernel' },
  subflowInfoBytes: { offset: 12, kind: 'u32', member: 'size_sfinfo_user' },
  subflows: { offset: 16, kind: 'u32', member: 'num_subflows' },
  slots: { offset: 20, kind: 'u32', member: 'size_arrays_user' },
  subflowInfosPointer: { offset: 24, kind: 'sequence', member: 'subflow_info' },
  tcpInfosPointer: { offset: 32, kind: 'sequence', member: 'tcp_info' },
} as const satisfies StructLayout;

/** Where the struct mptcp_info begins. */
export const FULL_INFO_MPTCP_INFO_OFFSET = 40;

/** struct mptcp_subflow_info: a number, then struct mptcp_subflow_addrs. */
export const subflowInfoLayout = {
  id: { offset: 0, kind: 'u32', member: 'id' },
} as const satisfies StructLayout;

export const SUBFLOW_INFO_ADDRESSES_OFFSET = 8;

export interface SubflowFullInfo extends SubflowAddresses {
  /** Counts from 1 and is never used again within a connection: (token, id) names a subflow for good. */
  readonly id: number;
  /** Look at `state`: joins that still wait for an answer are listed too. */
  readonly tcp: TcpInfo;
}

export interface MptcpFullInfo {
  readonly mptcp: MptcpInfo;
  readonly subflows: readonly SubflowFullInfo[];
}

// Larger than both structs of today (280 and 264 bytes), so that newer kernels can report more.
const SLOT_BYTES = 512;
const MPTCP_INFO_ROOM_BYTES = 256;
const FIRST_GUESS_SLOTS = 16;

/**
 * The connection and all its subflows in one consistent reading. `undefined` when the socket is plain TCP or has
 * fallen back, and on kernels before 6.5 (there `readSubflowAddresses` and `readSubflowTcpInfos` serve).
 */
export function readMptcpFullInfo(fd: Fd): MptcpFullInfo | undefined {
  return ofMptcpOnly(() => {
    for (let slots = FIRST_GUESS_SLOTS; ;) {
      using subflowInfos = new PinnedBuffer(Buffer.alloc(slots * SLOT_BYTES));
      using tcpInfos = new PinnedBuffer(Buffer.alloc(slots * SLOT_BYTES));
      const request = encodeRequest(slots, subflowInfos.address, tcpInfos.address);
      const answer = readOptionInto(fd, SOL_MPTCP, MPTCP_FULL_INFO, request, 'read MPTCP_FULL_INFO');
      const subflows = decodeHeader(answer)?.subflows ?? 0;
      if (subflows <= slots) return decodeMptcpFullInfo(answer, subflowInfos.bytes, tcpInfos.bytes);
      slots = subflows;
    }
  });
}

const decodeHeader = structDecoder(fullInfoLayout);
const decodeSubflowInfo = structDecoder(subflowInfoLayout);

/** Puts the kernel's three areas together. Distances between elements are the answer's, never the request's. */
export function decodeMptcpFullInfo(answer: Buffer, subflowInfos: Buffer, tcpInfos: Buffer): MptcpFullInfo | undefined {
  const header = decodeHeader(answer);
  const mptcp = decodeMptcpInfo(answer.subarray(FULL_INFO_MPTCP_INFO_OFFSET));
  if (header === undefined || mptcp === undefined) return undefined;
  const tcpElements = splitArray(tcpInfos, header.subflows, header.tcpInfoBytes);
  const subflows = splitArray(subflowInfos, header.subflows, header.subflowInfoBytes).flatMap((bytes, index) => {
    const id = decodeSubflowInfo(bytes)?.id;
    const tcp = decodeTcpInfo(tcpElements[index] ?? Buffer.alloc(0));
    if (id === undefined || tcp === undefined) return [];
    return [{ id, ...decodeSubflowAddresses(bytes.subarray(SUBFLOW_INFO_ADDRESSES_OFFSET)), tcp }];
  });
  return { mptcp, subflows };
}

function encodeRequest(slots: number, subflowInfosAddress: bigint, tcpInfosAddress: bigint): Buffer {
  const request = Buffer.alloc(FULL_INFO_MPTCP_INFO_OFFSET + MPTCP_INFO_ROOM_BYTES);
  request.writeUInt32LE(SLOT_BYTES, fullInfoLayout.tcpInfoBytes.offset);
  request.writeUInt32LE(SLOT_BYTES, fullInfoLayout.subflowInfoBytes.offset);
  request.writeUInt32LE(slots, fullInfoLayout.slots.offset);
  request.writeBigUInt64LE(subflowInfosAddress, fullInfoLayout.subflowInfosPointer.offset);
  request.writeBigUInt64LE(tcpInfosAddress, fullInfoLayout.tcpInfosPointer.offset);
  return request;
}
