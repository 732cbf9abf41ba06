import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  EAGAIN,
  EINPROGRESS,
  EINTR,
  EPROTONOSUPPORT,
  ENOPROTOOPT,
  EINVAL,
  ETIMEDOUT,
  IPPROTO_MPTCP,
  IPPROTO_TCP,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  SO_LINGER,
} from './constants.ts';
import { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';
import { blockUntilReady, waitUntilReady, type WaitOptions } from './readiness.ts';
import {
  type AddressFamily,
  decodeSocketAddress,
  encodeSocketAddress,
  formatSocketAddress,
  SOCKADDR_STORAGE_BYTES,
  type SocketAddress,
} from './socket-address.ts';
import { getSocketOption } from './socket-options.ts';

/** `mptcp` asks for Multipath TCP; what the peer agreed to is reported by `isMptcp` after connecting. */
export type StreamProtocol = 'tcp' | 'mptcp';

/** A stream socket of one of our families: close-on-exec and non-blocking, as every socket of this room. */
export function openSocket(family: 'ipv4' | 'ipv6', protocol: StreamProtocol): Fd;
export function openSocket(family: 'unix'): Fd;
export function openSocket(family: AddressFamily, protocol?: StreamProtocol): Fd {
  const type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const protocolNumber = protocol === undefined ? 0 : protocol === 'mptcp' ? IPPROTO_MPTCP : IPPROTO_TCP;
  const result = libc().socket(domainOf[family], type, protocolNumber);
  if (result < 0) throw socketRefused(-result, family, protocol);
  return new Fd(result);
}

export function bind(fd: Fd, address: SocketAddress): void {
  const bytes = encodeSocketAddress(address);
  const result = libc().bind(fd.number, bytes, bytes.length);
  if (result < 0) throw new NativeError('bind', -result, `bind to ${formatSocketAddress(address)}`);
}

export function listen(fd: Fd, backlog: number): void {
  const result = libc().listen(fd.number, backlog);
  if (result < 0) throw new NativeError('listen', -result, 'listen for connections');
}

/** The next waiting connection, or `undefined` when there is none: wait with `waitUntilReady(fd, 'readable', …)`. */
export function accept(fd: Fd): { readonly connection: Fd; readonly peer: SocketAddress | undefined } | undefined {
  const address = Buffer.alloc(SOCKADDR_STORAGE_BYTES);
  const length = new Uint32Array([address.length]);
  const result = libc().accept4(fd.number, address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (result === -EAGAIN) return undefined;
  if (result < 0) throw new NativeError('accept4', -result, 'accept a connection');
  return { connection: new Fd(result), peer: decodeSocketAddress(address.subarray(0, length[0])) };
}

/**
 * Connects and blocks this thread until it is done or `timeoutMs` is over (ETIMEDOUT). For use inside
 * `withNetworkNamespace` and for local sockets; elsewhere {@link connect} keeps the thread free.
 */
export function connectBlocking(fd: Fd, address: SocketAddress, timeoutMs: number): void {
  if (beginConnect(fd, address) === 'connected') return;
  if (!blockUntilReady(fd.number, 'writable', timeoutMs)) throw connectFailed(ETIMEDOUT, address);
  endConnect(fd, address);
}

/** Connects without blocking; rejects with the kernel's reason, ETIMEDOUT after `timeoutMs`, or the signal's reason. */
export async function connect(fd: Fd, address: SocketAddress, options: WaitOptions): Promise<void> {
  if (beginConnect(fd, address) === 'connected') return;
  if (!(await waitUntilReady(fd, 'writable', options))) throw connectFailed(ETIMEDOUT, address);
  endConnect(fd, address);
}

/** `undefined` where the socket has no address of our families. */
export function localAddress(fd: Fd): SocketAddress | undefined {
  return readAddress(fd, 'getsockname', 'read the own address');
}

export function peerAddress(fd: Fd): SocketAddress | undefined {
  return readAddress(fd, 'getpeername', 'read the peer address');
}

/** Sends what the kernel takes now; returns how many bytes that was, 0 when it takes none. */
export function send(fd: Fd, data: Uint8Array): number {
  const result = libc().send(fd.number, data, data.length, MSG_NOSIGNAL);
  if (result === -EAGAIN) return 0;
  if (result < 0) throw new NativeError('send', -result, `send ${data.length} bytes`);
  return result;
}

/** Reads what is there, at most `maxBytes`: empty at the end of the stream, `undefined` when nothing has come yet. */
export function receive(fd: Fd, maxBytes: number): Buffer | undefined {
  const data = Buffer.alloc(maxBytes);
  const result = libc().recv(fd.number, data, maxBytes, 0);
  if (result === -EAGAIN) return undefined;
  if (result < 0) throw new NativeError('recv', -result, 'receive');
  return data.subarray(0, result);
}

/**
 * Throws away what is there, at most as many bytes as `scratch` has: returns how many that was, 0 at the end of the stream,
 * `undefined` when nothing has come yet. TCP and MPTCP do not even copy them (tcp(7), MSG_TRUNC).
 */
export function discard(fd: Fd, scratch: Uint8Array): number | undefined {
  const result = libc().recv(fd.number, scratch, scratch.length, MSG_TRUNC);
  if (result === -EAGAIN) return undefined;
  if (result < 0) throw new NativeError('recv', -result, 'receive');
  return result;
}

/**
 * Closes a connection at once, with a reset: nothing of it stays behind in this kernel, as FIN-WAIT or TIME-WAIT would for a
 * minute, and what was not read or sent yet is lost. Of MPTCP every subflow is reset.
 */
export function reset(fd: Fd): void {
  const lingerForNoTime = Buffer.alloc(8); // struct linger: int l_onoff, int l_linger
  lingerForNoTime.writeInt32LE(1, 0);
  // Refused, it is closed in good order: that is all the difference.
  libc().setsockopt(fd.number, SOL_SOCKET, SO_LINGER, lingerForNoTime, lingerForNoTime.length);
  fd[Symbol.dispose]();
}

const shutdownNumber = { reading: 0, writing: 1, both: 2 } as const;

export function shutdown(fd: Fd, direction: keyof typeof shutdownNumber): void {
  const result = libc().shutdown(fd.number, shutdownNumber[direction]);
  if (result < 0) throw new NativeError('shutdown', -result, `shut ${direction} down`);
}

const domainOf: Readonly<Record<AddressFamily, number>> = { ipv4: AF_INET, ipv6: AF_INET6, unix: AF_UNIX };

function beginConnect(fd: Fd, address: SocketAddress): 'connected' | 'waiting' {
  const bytes = encodeSocketAddress(address);
  const result = libc().connect(fd.number, bytes, bytes.length);
  if (result >= 0) return 'connected';
  // An interrupted connect continues in the kernel, exactly like a non-blocking one: connect(2), EINTR.
  if (result === -EINPROGRESS || result === -EINTR) return 'waiting';
  throw connectFailed(-result, address);
}

function endConnect(fd: Fd, address: SocketAddress): void {
  const errno = getSocketOption(fd, 'pendingErrno');
  if (errno !== 0) throw connectFailed(errno, address);
}

function connectFailed(errno: number, address: SocketAddress): NativeError {
  return new NativeError('connect', errno, `connect to ${formatSocketAddress(address)}`);
}

function readAddress(fd: Fd, call: 'getsockname' | 'getpeername', action: string): SocketAddress | undefined {
  const address = Buffer.alloc(SOCKADDR_STORAGE_BYTES);
  const length = new Uint32Array([address.length]);
  const result = libc()[call](fd.number, address, length);
  if (result < 0) throw new NativeError(call, -result, action);
  return decodeSocketAddress(address.subarray(0, length[0]));
}

function socketRefused(errno: number, family: AddressFamily, protocol: StreamProtocol | undefined): NativeError {
  const advice = protocol === 'mptcp' ? mptcpAdvice[errno] : undefined;
  return new NativeError('socket', errno, `open a socket for ${protocol ?? 'stream'} over ${family}`, advice);
}

// What socket(…, IPPROTO_MPTCP) answers, and why: net/mptcp/protocol.c, net/mptcp/ctrl.c.
const mptcpAdvice: Readonly<Record<number, string>> = {
  [EINVAL]: 'This kernel is older than 5.6 and knows no MPTCP; use a newer kernel.',
  [EPROTONOSUPPORT]: 'This kernel was built without MPTCP; use one with CONFIG_MPTCP.',
  [ENOPROTOOPT]: 'MPTCP is switched off; run "sysctl -w net.mptcp.enabled=1".',
};
