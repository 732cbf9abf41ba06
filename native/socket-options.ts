import { SOL_SOCKET, SOL_TCP } from './constants.ts';
import type { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';

/**
 * The socket options that we set or read, by a name that has the unit. Numbers: <asm-generic/socket.h>,
 * <linux/tcp.h>. On a socket of IPPROTO_MPTCP the kernel copies them to every subflow.
 */
const options = {
  /** What was asked for is doubled by the kernel, for its own bookkeeping: reading gives twice the written value. */
  sendBufferBytes: { level: SOL_SOCKET, number: 7, kind: 'integer', constant: 'SO_SNDBUF' },
  receiveLowWaterBytes: { level: SOL_SOCKET, number: 18, kind: 'integer', constant: 'SO_RCVLOWAT' },
  receiveBufferBytes: { level: SOL_SOCKET, number: 8, kind: 'integer', constant: 'SO_RCVBUF' },
  reuseAddress: { level: SOL_SOCKET, number: 2, kind: 'flag', constant: 'SO_REUSEADDR' },
  keepAlive: { level: SOL_SOCKET, number: 9, kind: 'flag', constant: 'SO_KEEPALIVE' },
  /** fwmark for routing rules; needs CAP_NET_ADMIN. */
  mark: { level: SOL_SOCKET, number: 36, kind: 'integer', constant: 'SO_MARK' },
  /** Interface name. Not copied to subflows: it binds the first one. */
  boundInterface: { level: SOL_SOCKET, number: 25, kind: 'text', constant: 'SO_BINDTODEVICE' },
  /** Read only: the errno that a non-blocking connect ended with; reading clears it. */
  pendingErrno: { level: SOL_SOCKET, number: 4, kind: 'integer', constant: 'SO_ERROR' },
  /** Read only: 6 is TCP, 262 MPTCP. It shows what was asked for, not what was negotiated. */
  protocol: { level: SOL_SOCKET, number: 38, kind: 'integer', constant: 'SO_PROTOCOL' },
  noDelay: { level: SOL_TCP, number: 1, kind: 'flag', constant: 'TCP_NODELAY' },
  maxSegmentBytes: { level: SOL_TCP, number: 2, kind: 'integer', constant: 'TCP_MAXSEG' },
  keepAliveIdleSeconds: { level: SOL_TCP, number: 4, kind: 'integer', constant: 'TCP_KEEPIDLE' },
  keepAliveIntervalSeconds: { level: SOL_TCP, number: 5, kind: 'integer', constant: 'TCP_KEEPINTVL' },
  keepAliveProbes: { level: SOL_TCP, number: 6, kind: 'integer', constant: 'TCP_KEEPCNT' },
  congestionControl: { level: SOL_TCP, number: 13, kind: 'text', constant: 'TCP_CONGESTION' },
  unsentLowWaterBytes: { level: SOL_TCP, number: 25, kind: 'integer', constant: 'TCP_NOTSENT_LOWAT' },
} as const satisfies Record<string, { level: number; number: number; kind: keyof KindTypes; constant: string }>;

interface KindTypes {
  integer: number;
  flag: boolean;
  text: string;
}

export type SocketOption = keyof typeof options;
export type SocketOptionValue<Option extends SocketOption> = KindTypes[(typeof options)[Option]['kind']];

/** Exported so that a test can compare the numbers with the headers. */
export const socketOptionTable: Readonly<Record<SocketOption, { number: number; constant: string }>> = options;

// TCP_CA_NAME_MAX and IFNAMSIZ are both 16, NUL included.
const TEXT_BYTES = 16;

export function setSocketOption<Option extends SocketOption>(
  fd: Fd,
  option: Option,
  value: SocketOptionValue<Option>,
): void {
  const { level, number, constant } = options[option];
  const bytes = encodeValue(value);
  const result = libc().setsockopt(fd.number, level, number, bytes, bytes.length);
  if (result < 0) throw new NativeError('setsockopt', -result, `set ${constant} to ${String(value)}`);
}

export function getSocketOption<Option extends SocketOption>(fd: Fd, option: Option): SocketOptionValue<Option>;
export function getSocketOption(fd: Fd, option: SocketOption): number | boolean | string {
  const { level, number, kind, constant } = options[option];
  const bytes = Buffer.alloc(kind === 'text' ? TEXT_BYTES : 4);
  const length = new Uint32Array([bytes.length]);
  const result = libc().getsockopt(fd.number, level, number, bytes, length);
  if (result < 0) throw new NativeError('getsockopt', -result, `read ${constant}`);
  switch (kind) {
    case 'integer':
      return bytes.readInt32LE(0);
    case 'flag':
      return bytes.readInt32LE(0) !== 0;
    case 'text':
      return textUntilNul(bytes.subarray(0, length[0]));
  }
}

function encodeValue(value: number | boolean | string): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(`${value}\0`);
    if (text.length > TEXT_BYTES) throw new RangeError(`"${value}" is longer than ${TEXT_BYTES - 1} bytes.`);
    return text;
  }
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(Number(value), 0);
  return bytes;
}

function textUntilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}
