import {
  AF_NETLINK,
  EAGAIN,
  EMSGSIZE,
  ENOPROTOOPT,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_NETLINK,
} from './constants.ts';
import { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';

/** <linux/netlink.h> */
const protocolNumber = { route: 0, 'sock-diag': 4, generic: 16 } as const;

export type NetlinkProtocol = keyof typeof protocolNumber;

const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_DROP_MEMBERSHIP = 2;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

const SOCKADDR_NL_BYTES = 12;
const SOCKADDR_NL_PID_OFFSET = 4;

// A dump comes in pieces of at most 32 KiB (NETLINK_DUMP, net/netlink/af_netlink.c); a single message of our families
// is far smaller. Twice that never truncates, and what does not fit is still noticed.
const RECEIVE_BUFFER_BYTES = 65_536;

/**
 * A netlink socket in the present network namespace (see `withNetworkNamespace`), non-blocking, bound to a port of the
 * kernel's choice. Errors of the kernel come with their text (NETLINK_EXT_ACK), and dump filters are honoured or
 * refused, never ignored (NETLINK_GET_STRICT_CHK, since Linux 4.20; older kernels go without).
 */
export function openNetlinkSocket(protocol: NetlinkProtocol): Fd {
  const result = libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocolNumber[protocol]);
  if (result < 0) throw new NativeError('socket', -result, `open a netlink socket for ${protocol}`);
  const fd = new Fd(result);
  try {
    bindToAnyPort(fd);
    for (const option of [NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
      const refused = setNetlinkOption(fd, option, 1);
      if (refused < 0 && refused !== -ENOPROTOOPT) {
        throw new NativeError('setsockopt', -refused, `prepare a netlink socket for ${protocol}`);
      }
    }
    return fd;
  } catch (error) {
    fd[Symbol.dispose]();
    throw error;
  }
}

/** Sends one datagram (one or more whole netlink messages) to the kernel. */
export function sendToKernel(fd: Fd, datagram: Uint8Array): void {
  // Without an address a netlink socket talks to port 0, which is the kernel.
  const result = libc().send(fd.number, datagram, datagram.length, MSG_NOSIGNAL);
  if (result < 0) throw new NativeError('send', -result, 'send a netlink request');
}

/**
 * The next datagram from the kernel, or `undefined` when none is waiting (see readiness.ts for waiting). Datagrams from
 * other processes are dropped: anyone in the namespace may write to our port.
 *
 * Throws {@link NativeError} with EMSGSIZE for a datagram larger than the 64 KiB buffer (it is lost), and with
 * ENOBUFS when the kernel dropped events because we read too late: the socket continues, the state must be read again.
 */
export function receiveFromKernel(fd: Fd): Buffer | undefined {
  // Kept between calls: they never overlap, and a sampler makes a hundred a second for answers of a few KiB.
  data ??= Buffer.allocUnsafeSlow(RECEIVE_BUFFER_BYTES);
  for (;;) {
    senderBytes[0] = sender.length;
    // MSG_TRUNC makes the result the datagram's full length, also where the buffer was too short for it.
    const length = libc().recvfrom(fd.number, data, data.length, MSG_DONTWAIT | MSG_TRUNC, sender, senderBytes);
    if (length === -EAGAIN) return undefined;
    if (length < 0) throw new NativeError('recvfrom', -length, 'receive a netlink message');
    if (sender.readUInt32LE(SOCKADDR_NL_PID_OFFSET) !== 0) continue;
    if (length > data.length) {
      throw new NativeError('recvfrom', EMSGSIZE, `receive a netlink datagram of ${length} bytes`);
    }
    return Buffer.from(data.subarray(0, length));
  }
}

let data: Buffer | undefined;
const sender = Buffer.alloc(SOCKADDR_NL_BYTES);
const senderBytes = new Uint32Array(1);

/** Subscribes to a multicast group by number (generic netlink numbers its groups at run time). */
export function joinMulticastGroup(fd: Fd, group: number): void {
  const result = setNetlinkOption(fd, NETLINK_ADD_MEMBERSHIP, group);
  if (result < 0) throw new NativeError('setsockopt', -result, `join the netlink group ${group}`);
}

export function leaveMulticastGroup(fd: Fd, group: number): void {
  const result = setNetlinkOption(fd, NETLINK_DROP_MEMBERSHIP, group);
  if (result < 0) throw new NativeError('setsockopt', -result, `leave the netlink group ${group}`);
}

function bindToAnyPort(fd: Fd): void {
  const address = Buffer.alloc(SOCKADDR_NL_BYTES);
  address.writeUInt16LE(AF_NETLINK, 0);
  const result = libc().bind(fd.number, address, address.length);
  if (result < 0) throw new NativeError('bind', -result, 'bind a netlink socket');
}

function setNetlinkOption(fd: Fd, option: number, value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return libc().setsockopt(fd.number, SOL_NETLINK, option, bytes, bytes.length);
}
