import { SwitchyardError } from '#contract/errors.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { OwnedListener, OwnedListenerOrder, OwnedSocket, SocketName } from '#main/engine/ports.ts';
import { inContractTerms } from '#main/hosts/failures.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { watchReadiness, type ReadinessWatch } from '#native/readiness.ts';
import { setSocketOption } from '#native/socket-options.ts';
import { accept, bind, listen, localAddress, reset, type StreamProtocol } from '#native/socket.ts';
import { ConnectedSocket } from './connected-socket.ts';
import { Doorkeeper, restMs } from './doorkeeper.ts';
import { openStream } from './open-stream.ts';
import { addressOf, nameOf } from './socket-name.ts';

/** The source has connected before it is waited for, so only a lost packet can be late. */
const acceptTimeoutMs: Milliseconds = 5000;
/**
 * Subflows that join need room here as well, so strangers must not be able to fill it between two turns of the loop, nor
 * while this process stands still. The kernel takes no more than net.core.somaxconn of it, 4096 by default.
 */
const backlog = 4096;

/** Opens a listener in this place, on the first port that is free. Throws a `NativeError`; nothing is open then. */
export function listenAt(
  place: NetworkPlace,
  order: OwnedListenerOrder,
  onStranger: (stranger: SocketName) => void,
): Listener {
  const { port, lastPort = port } = order;
  for (let next = port; ; next += 1) {
    try {
      return listenOn(place, { ...order, port: next }, onStranger);
    } catch (thrown) {
      if (!isNativeError(thrown, 'EADDRINUSE') || next >= lastPort) throw thrown;
    }
  }
}

function listenOn(
  place: NetworkPlace,
  { host, port, mptcp, tuning }: OwnedListenerOrder,
  onStranger: (stranger: SocketName) => void,
): Listener {
  const address = addressOf({ address: host, port });
  const { fd, protocol } = openStream(place, address.family, mptcp);
  try {
    setSocketOption(fd, 'reuseAddress', true);
    if (tuning?.bufferBytes !== undefined) setSocketOption(fd, 'receiveBufferBytes', tuning.bufferBytes);
    if (tuning?.mark !== undefined) setSocketOption(fd, 'mark', tuning.mark);
    bind(fd, address);
    listen(fd, backlog);
    return new Listener(fd, protocol, onStranger);
  } catch (thrown) {
    fd[Symbol.dispose]();
    throw thrown;
  }
}

/** A listener that takes one connection, that of a known peer. It sees to its callers from the moment that it listens. */
export class Listener implements OwnedListener {
  readonly port: number;
  readonly mptcp: boolean;
  readonly #fd: Fd;
  readonly #protocol: StreamProtocol;
  readonly #doorkeeper: Doorkeeper<Fd>;
  #watch: ReadinessWatch | undefined;
  #rest: NodeJS.Timeout | undefined;
  #arrival = Promise.withResolvers<void>();

  /** Takes over the descriptor. */
  constructor(fd: Fd, protocol: StreamProtocol, onStranger: (stranger: SocketName) => void) {
    this.#fd = fd;
    this.#protocol = protocol;
    this.port = nameOf(localAddress(fd)).port;
    this.mptcp = protocol === 'mptcp';
    this.#doorkeeper = new Doorkeeper({
      next: () => {
        const caller = accept(fd);
        return caller && { connection: caller.connection, peer: caller.peer && nameOf(caller.peer) };
      },
      turnAway: reset,
      onStranger,
    });
    this.#attend();
  }

  async expect(peer: SocketName): Promise<void> {
    this.#arrival = Promise.withResolvers();
    this.#doorkeeper.expect(peer);
  }

  accept(peer: SocketName): Promise<OwnedSocket> {
    return inContractTerms(async () => {
      const tooLate = Promise.withResolvers<void>();
      const timer = setTimeout(tooLate.resolve, acceptTimeoutMs);
      await Promise.race([this.#arrival.promise, tooLate.promise]);
      clearTimeout(timer);
      const connection = this.#doorkeeper.take();
      if (!connection) throw notSeen(peer);
      return new ConnectedSocket(connection, this.#protocol, peer);
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#rest);
    this.#watch?.[Symbol.dispose]();
    this.#doorkeeper[Symbol.dispose]();
    this.#fd[Symbol.dispose]();
  }

  /** The event loop calls for as long as a connection waits, and does all other work between two turns. */
  #attend(): void {
    this.#watch = watchReadiness(this.#fd, 'readable', () => {
      const turn = this.#doorkeeper.turn();
      if (this.#doorkeeper.hasArrived) this.#arrival.resolve();
      if (turn === 'exhausted') this.#pause();
    });
    this.#watch.unref();
  }

  /** A connection still waits and cannot be taken: asked at once again, that would be all that this process does. */
  #pause(): void {
    this.#watch?.[Symbol.dispose]();
    this.#rest = setTimeout(() => this.#attend(), restMs);
    this.#rest.unref();
  }
}

function notSeen({ address, port }: SocketName): SwitchyardError {
  return new SwitchyardError({
    kind: 'timeout',
    afterMs: acceptTimeoutMs,
    waitingFor: 'the connection of the source',
    text: `The source has connected from ${address}:${port}, and no connection from there has arrived at the destination.`,
    remedy:
      'Something between them rewrites addresses (NAT) or answers in place of the destination. Migrate over a direct path, or with --socket qemu.',
  });
}
