import type { ConnectionSample } from '#contract/telemetry.ts';
import type {
  ConnectionEnd,
  OwnedConnectionOrder,
  OwnedListener,
  OwnedListenerOrder,
  OwnedSocket,
  SocketName,
} from '#main/engine/ports.ts';
import { unreachable } from './faults.ts';
import type { SimulatedMachine } from './simulated-machine.ts';
import type { SimulatedQemu } from './simulated-qemu.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What the manager has opened and closes again. */
export type Held = Set<Disposable>;

/** Who is called: a listener of a manager's, or of a QEMU that waits for a paused post-copy to be joined again. */
interface Called extends Pick<SimulatedListener, 'machine' | 'port' | 'mptcp'> {
  readonly hungUp?: () => void;
}

/** A connection between two machines, made by a manager: it lives as long as both ends are held. */
class Connection {
  readonly from: SocketName;
  readonly to: SocketName;
  readonly listener: Called;
  readonly multipath: boolean;
  readonly #world: SimulatedWorld;
  readonly #sinceMonoMs: number;
  readonly holders: Record<'source' | 'destination', SimulatedQemu | undefined> = {
    source: undefined,
    destination: undefined,
  };

  constructor(
    world: SimulatedWorld,
    { from, to, listener, multipath }: Pick<Connection, 'from' | 'to' | 'listener' | 'multipath'>,
  ) {
    this.#world = world;
    this.#sinceMonoMs = world.clock.monoMs();
    this.from = from;
    this.to = to;
    this.listener = listener;
    this.multipath = multipath;
  }

  /** The kernel joins the paths of a Multipath TCP connection one after the other, once it is established. */
  subflows(): number {
    const { joinMs, joins } = this.#world.nature;
    if (!this.multipath) return 1;
    return 1 + Math.min(joins, Math.floor((this.#world.clock.monoMs() - this.#sinceMonoMs) / joinMs));
  }

  /** The manager's copy of an end is closed; a QEMU that waits at the other one reads the end of the stream. */
  let(end: 'source' | 'destination'): void {
    if (end === 'source' && !this.holders.source) {
      this.listener.hungUp?.();
      this.holders.destination?.giveUp('load of migration failed: Input/output error');
    }
  }
}

export class SimulatedListener implements OwnedListener {
  readonly port: number;
  readonly mptcp: boolean;
  readonly machine: SimulatedMachine;
  readonly callers: Connection[] = [];
  readonly onStranger: (stranger: SocketName) => void;
  readonly #held: Held;
  #expected: number | undefined;

  constructor(
    machine: SimulatedMachine,
    { port, mptcp }: OwnedListenerOrder,
    held: Held,
    onStranger: (stranger: SocketName) => void,
  ) {
    this.machine = machine;
    this.onStranger = onStranger;
    this.port = port === 0 ? 41_000 + machine.sockets.size : port;
    this.mptcp = mptcp;
    this.#held = held;
    machine.sockets.add(this);
    held.add(this);
  }

  expect(peer: SocketName): Promise<void> {
    this.#expected = peer.port;
    return Promise.resolve();
  }

  accept(peer: SocketName): Promise<OwnedSocket> {
    if (peer.port !== this.#expected) return Promise.reject(unreachable('a caller that was not expected'));
    const caller = this.callers.find(({ from }) => from.port === peer.port);
    if (!caller) return Promise.reject(unreachable(`${peer.address}:${peer.port}`));
    return Promise.resolve(new SimulatedSocket(caller, 'destination', this.#held));
  }

  [Symbol.dispose](): void {
    this.machine.sockets.delete(this);
    this.#held.delete(this);
  }
}

export class SimulatedSocket implements OwnedSocket {
  readonly local: SocketName;
  readonly #connection: Connection;
  readonly #end: 'source' | 'destination';
  readonly #held: Held;

  constructor(connection: Connection, end: 'source' | 'destination', held: Held) {
    this.local = connection.from;
    this.#connection = connection;
    this.#end = end;
    this.#held = held;
    held.add(this);
  }

  /** A QEMU gets a copy; answers with what it then sends to, or listens on. */
  handTo(qemu: SimulatedQemu): { readonly host: string; readonly port: number; readonly mptcp: boolean } {
    const { to, multipath } = this.#connection;
    this.#connection.holders[this.#end] = qemu;
    return { host: to.address, port: to.port, mptcp: multipath };
  }

  end(): Promise<ConnectionEnd> {
    const { from, listener } = this.#connection;
    const remote = { address: listener.machine.address, port: listener.port };
    return Promise.resolve({ subflows: [{ local: from, remote }], held: true, established: true });
  }

  connection(): Promise<ConnectionSample> {
    const { multipath, listener } = this.#connection;
    const lost = this.#end === 'destination' && listener.machine.answersLoseMultipath;
    const protocol = multipath && !lost ? 'mptcp' : 'tcp';
    const fallback = protocol === 'tcp';
    return Promise.resolve({ id: 'c0ffee00', protocol, fallback, bytesSent: 0, bytesReinjected: 0 });
  }

  makeRoom(): Promise<void> {
    return Promise.resolve();
  }

  subflows(): Promise<number> {
    return Promise.resolve(this.#connection.subflows());
  }

  [Symbol.dispose](): void {
    if (!this.#held.delete(this)) return;
    this.#connection.let(this.#end);
  }
}

/** A connection to the listener of a manager at that address. */
export function connectTo(
  world: SimulatedWorld,
  { from, to, mptcp }: OwnedConnectionOrder,
  held: Held,
): SimulatedSocket {
  const machine = [...world.machines.values()].find((each) => each.has(to.address));
  if (!machine || !world.networkUp || world.nature.dead.has(to.address)) throw unreachable(`${to.address}:${to.port}`);
  const listener = [...machine.sockets].find(({ port }) => port === to.port);
  const waiting = machine.processes.find(({ recoveryPort }) => recoveryPort === to.port);
  const called = listener ?? (waiting && { machine, port: to.port, mptcp: true, hungUp: waiting.takeRecovery() });
  if (!called) throw unreachable(`${to.address}:${to.port}`);
  const port = 50_000 + (listener?.callers.length ?? 0);
  const multipath = world.nature.multipath && mptcp && called.mptcp;
  const connection = new Connection(world, { from: { address: from, port }, to, listener: called, multipath });
  if (waiting) waiting.joinedFrom = connection.from;
  listener?.callers.push(connection);
  return new SimulatedSocket(connection, 'source', held);
}
