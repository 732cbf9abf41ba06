import { decodeMptcpInfo, type MptcpInfo } from '#native/mptcp-info.ts';
import { Attributes, encode } from './attributes.ts';
import { addressFamilies, readIpAddress, type IpFamily } from './ip-family.ts';
import { malformed, wasRefused } from './netlink-error.ts';
import { encodePortFilter, type PortFilter } from './port-filter.ts';
import type { NetlinkSession } from './session.ts';
import { decodeSubflowUlp, type SubflowUlp } from './subflow-ulp.ts';
import { decodeTcpCounters, type TcpCounters } from './tcp-counters.ts';
import { stateMask, tcpStateOf, type TcpState } from './tcp-state.ts';

export const sockDiagByFamily = 20;
const requestBytes = 56;
const responseBytes = 72;
const protocolNumbers = { tcp: 6, mptcp: 262 } as const;
/** INET_DIAG_REQ_BYTECODE and INET_DIAG_REQ_PROTOCOL. */
const requestAttributes = { filter: 1, protocol: 3 } as const;
/** INET_DIAG_INFO and _ULP_INFO; in the request an extension is bit (number - 1). ULP_INFO comes unasked. */
const extensions = { info: 2, ulp: 19 } as const;

/** Which sockets to read; each member narrows. The kernel does the choosing. */
export interface SocketQuery extends PortFilter {
  readonly protocol: 'tcp' | 'mptcp';
  /** Family of the socket, not of its peer: an IPv6 socket that talks to an IPv4 peer is `ipv6`. */
  readonly family: IpFamily;
  readonly states: readonly TcpState[];
}

interface SocketRowBase {
  readonly family: IpFamily;
  readonly state: TcpState;
  /** An IPv4-mapped IPv6 address is written as IPv4. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Interface the socket is bound to; 0 when routing chooses. */
  readonly boundInterfaceIndex: number;
  /** Names this socket among all of this boot. */
  readonly cookie: bigint;
  /** As in /proc/PID/fd (`socket:[N]`); 0 once its process has closed it. */
  readonly inode: number;
  readonly receiveQueueBytes: number;
  readonly sendQueueBytes: number;
}

/** A TCP socket; with `subflow` it is part of an MPTCP connection, and carries that connection's inode. */
export interface TcpSocketRow extends SocketRowBase {
  readonly protocol: 'tcp';
  readonly info: TcpCounters | undefined;
  readonly subflow: SubflowUlp | undefined;
}

export interface MptcpSocketRow extends SocketRowBase {
  readonly protocol: 'mptcp';
  readonly info: MptcpInfo | undefined;
}

export type SocketRow = TcpSocketRow | MptcpSocketRow;

/**
 * Reads the kernel's socket table, as `ss -tM -ie` does. Needs no privilege on Linux 6.15 and later; before, `subflow` is
 * absent without CAP_NET_ADMIN. An address family that this kernel was booted without has no sockets.
 * Source: include/uapi/linux/inet_diag.h, net/mptcp/mptcp_diag.c (Linux 5.9 and later for `mptcp`).
 */
export function readSockets(session: NetlinkSession, query: SocketQuery & { protocol: 'tcp' }): Promise<TcpSocketRow[]>;
export function readSockets(
  session: NetlinkSession,
  query: SocketQuery & { protocol: 'mptcp' },
): Promise<MptcpSocketRow[]>;
export async function readSockets(session: NetlinkSession, query: SocketQuery): Promise<SocketRow[]> {
  const action = `read the table of ${query.protocol} sockets`;
  try {
    const messages = await session.dump({ action, type: sockDiagByFamily, payload: encodeSocketQuery(query) });
    return messages
      .filter((message) => message.type === sockDiagByFamily)
      .map((message) => decodeSocketRow(message.payload, query.protocol))
      .filter((row) => row !== undefined);
  } catch (error) {
    // No handler is registered for the family.
    if (query.family === 'ipv6' && wasRefused(error, 'ENOENT')) return [];
    throw error;
  }
}

/** struct inet_diag_req_v2 and its attributes. */
export function encodeSocketQuery(query: SocketQuery): Buffer {
  const header = Buffer.alloc(requestBytes);
  header.writeUInt8(addressFamilies[query.family], 0);
  header.writeUInt8(protocolNumbers[query.protocol] & 0xff, 1);
  header.writeUInt8(1 << (extensions.info - 1), 2);
  header.writeUInt32LE(stateMask(query.states), 4);
  const filter = encodePortFilter(query);
  return Buffer.concat([
    header,
    ...(filter ? [encode.bytes(requestAttributes.filter, filter)] : []),
    // Only this attribute distinguishes MPTCP from TCP: its protocol number does not fit the header's byte.
    ...(query.protocol === 'mptcp' ? [encode.u32(requestAttributes.protocol, protocolNumbers.mptcp)] : []),
  ]);
}

/** struct inet_diag_msg and its attributes; `undefined` for a state that has no name here. */
export function decodeSocketRow(payload: Buffer, protocol: 'tcp' | 'mptcp'): SocketRow | undefined {
  if (payload.length < responseBytes) throw malformed(`a socket of ${payload.length} bytes`);
  const state = tcpStateOf(payload.readUInt8(1));
  if (state === undefined) return undefined;
  const family = payload.readUInt8(0) === addressFamilies.ipv6 ? 'ipv6' : 'ipv4';
  const addressBytes = family === 'ipv6' ? 16 : 4;
  const base: SocketRowBase = {
    family,
    state,
    localPort: payload.readUInt16BE(4),
    remotePort: payload.readUInt16BE(6),
    localAddress: readIpAddress(payload.subarray(8, 8 + addressBytes)),
    remoteAddress: readIpAddress(payload.subarray(24, 24 + addressBytes)),
    boundInterfaceIndex: payload.readUInt32LE(40),
    cookie: payload.readBigUInt64LE(44),
    receiveQueueBytes: payload.readUInt32LE(56),
    sendQueueBytes: payload.readUInt32LE(60),
    inode: payload.readUInt32LE(68),
  };
  const attributes = Attributes.decode(payload.subarray(responseBytes));
  const info = attributes.bytes(extensions.info);
  if (protocol === 'mptcp') return { ...base, protocol, info: info && decodeMptcpInfo(info) };
  const ulp = attributes.nested(extensions.ulp);
  const subflow = ulp?.nested(3);
  return {
    ...base,
    protocol,
    info: info && decodeTcpCounters(info),
    subflow: subflow && decodeSubflowUlp(subflow),
  };
}
