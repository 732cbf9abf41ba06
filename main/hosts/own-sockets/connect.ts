import type { Milliseconds } from '#contract/units.ts';
import type { OwnedConnectionOrder, SocketName } from '#main/engine/ports.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import type { Fd } from '#native/fd.ts';
import { setSocketOption } from '#native/socket-options.ts';
import { bind, connect, localAddress, openSocket } from '#native/socket.ts';
import { ConnectedSocket } from './connected-socket.ts';
import { openStream } from './open-stream.ts';
import { addressOf, nameOf } from './socket-name.ts';

/** Where a firewall drops the first MPTCP packet, the kernel tries without after three seconds. */
const connectTimeoutMs: Milliseconds = 10_000;

/**
 * Connects from one address of this place, once `beforeConnecting` knows by which name. Rejects with a `NativeError`, or
 * with what that rejects with; nothing is open then.
 */
export async function connectFrom(
  place: NetworkPlace,
  order: OwnedConnectionOrder,
  beforeConnecting?: (local: SocketName) => Promise<void>,
): Promise<ConnectedSocket> {
  const { from, to, mptcp, tuning } = order;
  const target = addressOf(to);
  const { fd, protocol } = openStream(place, target.family, mptcp);
  try {
    if (tuning?.congestionControl !== undefined) setCongestionControl(place, fd, tuning.congestionControl);
    if (tuning?.bufferBytes !== undefined) setSocketOption(fd, 'sendBufferBytes', tuning.bufferBytes);
    if (tuning?.mark !== undefined) setSocketOption(fd, 'mark', tuning.mark);
    bind(fd, addressOf({ address: from, port: 0 }));
    await beforeConnecting?.(nameOf(localAddress(fd)));
    await connect(fd, target, { timeoutMs: connectTimeoutMs });
    return new ConnectedSocket(fd, protocol, to);
  } catch (thrown) {
    fd[Symbol.dispose]();
    throw thrown;
  }
}

/**
 * An MPTCP socket takes any name without an error, and its subflows then use the default. A TCP socket knows the name, or
 * has its module loaded, or refuses.
 */
function setCongestionControl(place: NetworkPlace, fd: Fd, name: string): void {
  using probe = place.run(() => openSocket('ipv4', 'tcp'));
  setSocketOption(probe, 'congestionControl', name);
  setSocketOption(fd, 'congestionControl', name);
}
