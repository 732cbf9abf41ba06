import type { Milliseconds } from '#contract/units.ts';
import type { SocketName } from '#main/engine/ports.ts';
import { isNativeError } from '#native/native-error.ts';
import { isSame } from './socket-name.ts';

/** A connection that the kernel has finished: to be kept by one owner, or turned away. */
export interface Caller<Connection> {
  readonly connection: Connection;
  /** Absent where the kernel does not name the peer, which is then a stranger. */
  readonly peer: SocketName | undefined;
}

export interface Door<Connection> {
  /** The next caller that waits; `undefined` when none does. Throws the kernel's error. */
  readonly next: () => Caller<Connection> | undefined;
  readonly turnAway: (connection: Connection) => void;
  readonly onStranger: (stranger: SocketName) => void;
}

/**
 * In one turn of the event loop. A call and a refusal take some 30 µs, so that a flood holds everything else up by one
 * millisecond a turn; what waits longer is in the kernel's queue, which is longer by far.
 */
export const callersPerTurn = 32;
/** After an error of the kernel that turning callers away cannot end, such as having no descriptor left. */
export const restMs: Milliseconds = 100;

/** The result of one turn: no connection waits, one may still wait, or the kernel has no resources now. */
export type Turn = 'empty' | 'busy' | 'exhausted';

/**
 * Lets one caller in, that of a known name, and turns away the others, from the first moment on and whatever the order
 * in which they come: one left waiting would take the place of a caller, or of a subflow that joins.
 */
export class Doorkeeper<Connection> implements Disposable {
  readonly #door: Door<Connection>;
  #expected: SocketName | undefined;
  #arrived: Connection | undefined;

  constructor(door: Door<Connection>) {
    this.#door = door;
  }

  /** Before that caller can have called. */
  expect(peer: SocketName): void {
    this.#expected = peer;
  }

  get hasArrived(): boolean {
    return this.#arrived !== undefined;
  }

  /** Gives the expected caller's connection away, once. */
  take(): Connection | undefined {
    const arrived = this.#arrived;
    this.#arrived = undefined;
    return arrived;
  }

  /** Sees to at most {@link callersPerTurn} callers. Throws nothing that a caller can bring about. */
  turn(): Turn {
    for (let seen = 0; seen < callersPerTurn; seen += 1) {
      try {
        const caller = this.#door.next();
        if (!caller) return 'empty';
        this.#see(caller);
      } catch (thrown) {
        if (!isNativeError(thrown)) throw thrown;
        // accept(2): of one connection that broke before it was taken; the next one may be well.
        if (!isOfOneCaller(thrown.code)) return 'exhausted';
      }
    }
    return 'busy';
  }

  /** Closes what has arrived and was not taken. */
  [Symbol.dispose](): void {
    const arrived = this.take();
    if (arrived !== undefined) this.#door.turnAway(arrived);
  }

  #see({ connection, peer }: Caller<Connection>): void {
    if (peer && this.#expected && isSame(peer, this.#expected)) {
      // Its name is free again only once it has gone, so there is no second one.
      this.#expected = undefined;
      this.#arrived = connection;
      return;
    }
    this.#door.turnAway(connection);
    if (peer) this.#door.onStranger(peer);
  }
}

/** Errors of accept(2) that belong to a connection rather than to the listener or to this process. */
const ofOneCaller = new Set([
  'ECONNABORTED',
  'EINTR',
  'EPERM',
  'EPROTO',
  'ENOPROTOOPT',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENONET',
  'EOPNOTSUPP',
]);

function isOfOneCaller(code: string): boolean {
  return ofOneCaller.has(code);
}
