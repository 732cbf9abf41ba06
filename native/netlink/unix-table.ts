import { AF_UNIX } from '#native/constants.ts';
import { Attributes } from './attributes.ts';
import { malformed } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';
import { sockDiagByFamily } from './socket-table.ts';
import { stateMask, type TcpState } from './tcp-state.ts';

/** A unix socket as the kernel knows it. */
export interface UnixSocketRow {
  /** As in /proc/PID/fd (`socket:[N]`). */
  readonly inode: number;
  /** As it was bound: a path, or an abstract name behind an `@`; absent for one without a name. */
  readonly name?: string;
  /** The user who has made it, as this user namespace numbers users; absent before Linux 5.3. */
  readonly uid?: number;
  /** The socket at the other end of a connection; absent for a listener, and once that end is closed. */
  readonly peerInode?: number;
}

const requestBytes = 24;
const responseBytes = 16;
/** UDIAG_SHOW_NAME, UDIAG_SHOW_PEER and UDIAG_SHOW_UID. */
const shown = 0x1 | 0x4 | 0x40;
/** UNIX_DIAG_NAME, UNIX_DIAG_PEER and UNIX_DIAG_UID. */
const attributes = { name: 0, peer: 2, uid: 7 } as const;
/** Of a row, twice: any. */
const anyCookie = 0xffff_ffff;

/**
 * Every unix socket of the network of the session in these states, whose process may be any. Needs no privilege. Unlike
 * /proc/net/unix, a name with a line feed is no second row. Source: include/uapi/linux/unix_diag.h, net/unix/diag.c.
 */
export async function readUnixSockets(
  session: NetlinkSession,
  states: readonly TcpState[],
): Promise<readonly UnixSocketRow[]> {
  const payload = encodeUnixQuery(states);
  const messages = await session.dump({ action: 'read the table of unix sockets', type: sockDiagByFamily, payload });
  return messages.filter(({ type }) => type === sockDiagByFamily).map((message) => decodeUnixRow(message.payload));
}

/** struct unix_diag_req. */
export function encodeUnixQuery(states: readonly TcpState[]): Buffer {
  const bytes = Buffer.alloc(requestBytes);
  bytes.writeUInt8(AF_UNIX, 0);
  bytes.writeUInt32LE(stateMask(states), 4);
  bytes.writeUInt32LE(shown, 12);
  bytes.writeUInt32LE(anyCookie, 16);
  bytes.writeUInt32LE(anyCookie, 20);
  return bytes;
}

/** struct unix_diag_msg and its attributes. */
export function decodeUnixRow(payload: Buffer): UnixSocketRow {
  if (payload.length < responseBytes) throw malformed(`a unix socket of ${payload.length} bytes`);
  const found = Attributes.decode(payload.subarray(responseBytes));
  const name = found.bytes(attributes.name);
  const peerInode = found.u32(attributes.peer);
  const uid = found.u32(attributes.uid);
  return {
    inode: payload.readUInt32LE(4),
    ...(name === undefined || name.length === 0 ? {} : { name: nameIn(name) }),
    ...(uid === undefined ? {} : { uid }),
    ...(peerInode === undefined || peerInode === 0 ? {} : { peerInode }),
  };
}

/** A path ends with a NUL, an abstract name begins with one and has its own length. */
function nameIn(bytes: Buffer): string {
  if (bytes[0] === 0) return `@${bytes.toString('utf8', 1)}`;
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
