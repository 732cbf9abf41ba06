import { SwitchyardError } from '#contract/errors.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { OwnedListener, OwnedListenerOrder, OwnedSocket, SocketName } from '#main/engine/ports.ts';
import { inContractTerms } from '#main/hosts/failures.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { waitUntilReady, watchReadiness, type ReadinessWatch } from '#native/readiness.ts';
import { setSocketOption } from '#native/socket-options.ts';
import { accept, bind, listen, localAddress, type StreamProtocol } from '#native/socket.ts';
import { ConnectedSocket } from './connected-socket.ts';
import { openStream } from './open-stream.ts';
import { addressOf, isSame, nameOf } from './socket-name.ts';

/** The source has connected before it is waited for, so only a lost packet can be late. */
const acceptTimeoutMs: Milliseconds = 5000;
/** Subflows that join need room here as well, so strangers must not be able to fill it between two turns of the loop. */
const backlog = 64;

/** Opens a listener in this place, on the first port that is free. Throws a `NativeError`; nothing is open then. */
export function listenAt(place: NetworkPlace, order: OwnedListenerOrder): Listener {
  const { port, lastPort = port } = order;
  for (let next = port; ; next += 1) {
    try {
      return listenOn(place, { ...order, port: next });
    } catch (thrown) {
      if (!isNativeError(thrown, 'EADDRINUSE') || next >= lastPort) throw thrown;
    }
  }
}

function listenOn(place: NetworkPlace, { host, port, mptcp, tuning }: OwnedListenerOrder): Listener {
  const address = addressOf({ address: host, port });
  const { fd, protocol } = openStream(place, address.family, mptcp);
  try {
    setSocketOption(fd, 'reuseAddress', true);
    if (tuning?.bufferBytes !== undefined) setSocketOption(fd, 'receiveBufferBytes', tuning.bufferBytes);
    if (tuning?.mark !== undefined) setSocketOption(fd, 'mark', tuning.mark);
    bind(fd, address);
    listen(fd, backlog);
    return new Listener(fd, protocol);
  } catch (thrown) {
    fd[Symbol.dispose]();
    throw thrown;
  }
}

/** A listener that takes one connection, that of a known peer. */
export class Listener implements OwnedListener {
  readonly port: number;
  readonly mptcp: boolean;
  readonly #fd: Fd;
  readonly #protocol: StreamProtocol;
  #strangers: ReadinessWatch | undefined;

  /** Takes over the descriptor. */
  constructor(fd: Fd, protocol: StreamProtocol) {
    this.#fd = fd;
    this.#protocol = protocol;
    this.port = nameOf(localAddress(fd)).port;
    this.mptcp = protocol === 'mptcp';
  }

  accept(peer: SocketName): Promise<OwnedSocket> {
    return inContractTerms(async () => {
      const deadlineMonoMs = performance.now() + acceptTimeoutMs;
      for (;;) {
        const connection = this.#find(peer);
        if (connection) {
          this.#turnAwayTheRest();
          return connection;
        }
        const timeoutMs = deadlineMonoMs - performance.now();
        if (timeoutMs <= 0 || !(await waitUntilReady(this.#fd, 'readable', { timeoutMs }))) throw notSeen(peer);
      }
    });
  }

  [Symbol.dispose](): void {
    this.#strangers?.[Symbol.dispose]();
    this.#fd[Symbol.dispose]();
  }

  /** Whoever called, the peer excepted, is hung up on: one of them left waiting would take a joining subflow's place. */
  #find(peer: SocketName | undefined): ConnectedSocket | undefined {
    for (let caller = accept(this.#fd); caller; caller = accept(this.#fd)) {
      if (peer && caller.peer && isSame(nameOf(caller.peer), peer)) {
        return new ConnectedSocket(caller.connection, this.#protocol);
      }
      caller.connection[Symbol.dispose]();
    }
    return undefined;
  }

  #turnAwayTheRest(): void {
    this.#strangers ??= watchReadiness(this.#fd, 'readable', () => this.#find(undefined));
    this.#strangers.unref();
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
