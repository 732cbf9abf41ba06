import { portRefusal } from '#contract/port-refusal.ts';
import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { openSocketIn } from '#native/netlink/open-session.ts';
import { bind, listen, localAddress, openSocket } from '#native/socket.ts';
import { setSocketOption } from '#native/socket-options.ts';

/**
 * Sockets that listen on both loopback addresses, on one port. A socket belongs to the network in which it was opened:
 * who opens them here and hands them to a command that continues in a namespace of its own can be reached there from here.
 */
export interface Door extends Disposable {
  /** What listens. */
  readonly descriptors: readonly number[];
  /** A netlink socket (sock_diag) that sees whose the far ends of their connections are; absent where there is none. */
  readonly owners: number | undefined;
}

const backlog = 64;
/** A port that is free on one address may be taken on the other; the kernel is asked for another then. */
const mostTries = 5;

/** Port 0 lets the kernel choose. */
export function openDoor(port: number): Door {
  try {
    return openBoth(port);
  } catch (thrown) {
    throw (isNativeError(thrown) ? portRefusal(port, thrown.code, thrown) : undefined) ?? thrown;
  }
}

function openBoth(port: number): Door {
  for (let tries = 1; ; tries += 1) {
    const first = listenAt('ipv4', '127.0.0.1', port);
    try {
      const second = listenAt('ipv6', '::1', portOf(first));
      return doorOf(first, second);
    } catch (thrown) {
      if (isNativeError(thrown, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) return doorOf(first);
      first[Symbol.dispose]();
      if (port !== 0 || tries === mostTries) throw thrown;
    }
  }
}

function doorOf(...sockets: readonly Fd[]): Door {
  const owners = openOwners();
  return {
    descriptors: sockets.map(({ number }) => number),
    owners: owners?.number,
    [Symbol.dispose]: () => {
      for (const socket of [...sockets, ...(owners ? [owners] : [])]) socket[Symbol.dispose]();
    },
  };
}

/** In there the connections out here cannot be seen: who asks over this socket asks from here. */
function openOwners(): Fd | undefined {
  try {
    return openSocketIn('sock-diag');
  } catch (thrown) {
    if (isNativeError(thrown)) return undefined;
    throw thrown;
  }
}

function listenAt(family: 'ipv4' | 'ipv6', address: string, port: number): Fd {
  const socket = openSocket(family, 'tcp');
  try {
    setSocketOption(socket, 'reuseAddress', true);
    bind(socket, { family, address, port });
    listen(socket, backlog);
    return socket;
  } catch (thrown) {
    socket[Symbol.dispose]();
    throw thrown;
  }
}

function portOf(socket: Fd): number {
  const address = localAddress(socket);
  return address !== undefined && 'port' in address ? address.port : 0;
}
