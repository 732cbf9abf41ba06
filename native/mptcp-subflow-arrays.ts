import { MPTCP_SUBFLOW_ADDRS, MPTCP_TCPINFO, SOL_MPTCP } from './constants.ts';
import type { Fd } from './fd.ts';
import { ofMptcpOnly } from './mptcp-info.ts';
import { readOptionInto } from './read-struct-option.ts';
import { decodeSocketAddress, SOCKADDR_STORAGE_BYTES, type SocketAddress } from './socket-address.ts';
import { fieldEnd, structDecoder, type StructLayout } from './struct-layout.ts';
import { decodeTcpInfo, type TcpInfo } from './tcp-info.ts';

/** The two addresses of a subflow. */
export interface SubflowAddresses {
  readonly local: SocketAddress | undefined;
  readonly remote: SocketAddress | undefined;
}

/** struct mptcp_subflow_data, <linux/mptcp.h>: stands before the array of both options. Linux 5.16. */
export const subflowDataLayout = {
  headerBytes: { offset: 0, kind: 'u32', member: 'size_subflow_data' },
  subflows: { offset: 4, kind: 'u32', member: 'num_subflows' },
  kernelSlotBytes: { offset: 8, kind: 'u32', member: 'size_kernel' },
  slotBytes: { offset: 12, kind: 'u32', member: 'size_user' },
} as const satisfies StructLayout;

const HEADER_BYTES = fieldEnd(subflowDataLayout.slotBytes);

/** struct mptcp_subflow_addrs: two sockaddr_storage. */
const ADDRESSES_BYTES = 2 * SOCKADDR_STORAGE_BYTES;

// Room to grow for both structs; the kernel reports how much of a slot it uses.
const SLOT_BYTES = 512;

// The kernel's path manager makes at most 8 subflows beside the initial one.
const FIRST_GUESS_SLOTS = 16;

/** Addresses of every subflow, in the kernel's order; `undefined` for plain TCP. Linux 5.16. */
export function readSubflowAddresses(fd: Fd): readonly SubflowAddresses[] | undefined {
  return readArray(fd, MPTCP_SUBFLOW_ADDRS, 'read MPTCP_SUBFLOW_ADDRS')?.map(decodeSubflowAddresses);
}

/** TCP_INFO of every subflow, in the same order; `undefined` for plain TCP. Linux 5.16. */
export function readSubflowTcpInfos(fd: Fd): readonly TcpInfo[] | undefined {
  return readArray(fd, MPTCP_TCPINFO, 'read MPTCP_TCPINFO')?.flatMap((bytes) => decodeTcpInfo(bytes) ?? []);
}

export function decodeSubflowAddresses(bytes: Buffer): SubflowAddresses {
  return {
    local: decodeSocketAddress(bytes.subarray(0, SOCKADDR_STORAGE_BYTES)),
    remote: decodeSocketAddress(bytes.subarray(SOCKADDR_STORAGE_BYTES, ADDRESSES_BYTES)),
  };
}

function readArray(fd: Fd, option: number, action: string): readonly Buffer[] | undefined {
  return ofMptcpOnly(() => {
    for (let slots = FIRST_GUESS_SLOTS; ;) {
      const answer = readOptionInto(fd, SOL_MPTCP, option, encodeRequest(slots), action);
      const subflows = decodeHeader(answer)?.subflows ?? 0;
      if (subflows <= slots) return splitSubflowArray(answer);
      slots = subflows;
    }
  });
}

function encodeRequest(slots: number): Buffer {
  const request = Buffer.alloc(HEADER_BYTES + slots * SLOT_BYTES);
  request.writeUInt32LE(HEADER_BYTES, subflowDataLayout.headerBytes.offset);
  request.writeUInt32LE(SLOT_BYTES, subflowDataLayout.slotBytes.offset);
  return request;
}

const decodeHeader = structDecoder(subflowDataLayout);

/**
 * The array's elements. The kernel lowers the slot size to what it uses and packs the array with that: the distance
 * between elements is the answer's, never the request's.
 */
export function splitSubflowArray(answer: Buffer): readonly Buffer[] {
  const header = decodeHeader(answer);
  return header === undefined ? [] : splitArray(answer.subarray(header.headerBytes), header.subflows, header.slotBytes);
}

/** Whole elements only: an array that was cut short ends early. */
export function splitArray(bytes: Buffer, count: number, strideBytes: number): readonly Buffer[] {
  if (strideBytes === 0) return [];
  const whole = Math.min(count, Math.floor(bytes.length / strideBytes));
  return Array.from({ length: whole }, (_, index) => bytes.subarray(index * strideBytes, (index + 1) * strideBytes));
}
