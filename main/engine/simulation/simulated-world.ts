import type { QemuIdentity } from '#contract/host.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { MigrationAddress } from '#main/engine/ports.ts';
import { Pace } from './pace.ts';
import { PortCalls } from './port-calls.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedMachine } from './simulated-machine.ts';
import type { SimulatedQemu } from './simulated-qemu.ts';
import type { SimulatedStream } from './simulated-stream.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How long things take, and how they behave; tests change what they are about. */
export interface Nature {
  connectMs: Milliseconds;
  /** Duration of each iteration, at the network's full rate. */
  iterationsMs: readonly Milliseconds[];
  /** The last iteration is repeated for ever: the guest dirties memory faster than the network carries it. */
  neverConverges: boolean;
  readonly bytesPerMs: number;
  /** Device state and last pages, sent with the guest stopped and the main loop held. */
  readonly deviceStateMs: Milliseconds;
  loadMs: Milliseconds;
  /** What is left to be sent when post-copy begins, at the network's full rate. */
  postCopyMs: Milliseconds;
  /** From the destination's completion until the source has heard of it. */
  readonly acknowledgeMs: Milliseconds;
  /** Whether the connection becomes Multipath TCP where both ends ask for it. */
  multipath: boolean;
  /** Between two joins of further paths. */
  readonly joinMs: Milliseconds;
  /** How many further paths join. */
  joins: number;
  /** Only answers lose their MPTCP options on the way: the destination knows that it is plain TCP, the source does not yet. */
  answersLoseMultipath: boolean;
  /** What the destination prints when it refuses the device state. */
  destinationRejects: string | undefined;
  /** A source that goes back starts its guest again by itself, as QEMU does unless its disks forbid it. */
  resumesItself: boolean;
  /** The source's kernel answers no question about sockets before this is settled. */
  sampling: Promise<unknown>;
  /** Addresses of the destination to which no connection can be made, and what becomes of one. */
  readonly dead: Map<string, DeadPath>;
  /** Commands that QEMU refuses, by `<host>.<command>`, with its words. */
  readonly refusals: Map<string, string>;
  /** Destinations are started without `-S`: they run as soon as they have the guest. */
  destinationsRunByThemselves: boolean;
  /** The destination's kernel answers no question about connections before this is settled. */
  answersOfDestination: Promise<unknown>;
}

/** `refuses`: at once. `silent`: the kernel asks again for two minutes. `stranger`: another machine has that address. */
export type DeadPath = 'refuses' | 'silent' | 'stranger';

/** Of one kind, by all managers: twice what a busy one needs. */
const mostCallsPerSecond = 100;

/**
 * Two machines, a network and a guest, with the one rule that nothing may break: at any moment at most one copy of the guest
 * runs, and only the newest. It is checked after every change; what broke it is kept in `violations`.
 */
export class SimulatedWorld {
  readonly clock = new VirtualClock();
  readonly calls = new PortCalls(this.clock);
  readonly violations: string[] = [];
  /** Faults of ours, as managers reported them. */
  readonly incidents: string[] = [];
  readonly pace = new Pace(
    () => this.clock.monoMs(),
    (what) => void this.violations.push(what),
  );
  readonly machines: ReadonlyMap<string, SimulatedMachine>;
  readonly nature: Nature = {
    connectMs: 4,
    iterationsMs: [160, 80, 40],
    neverConverges: false,
    bytesPerMs: 100_000,
    deviceStateMs: 30,
    loadMs: 10,
    postCopyMs: 200,
    acknowledgeMs: 4,
    multipath: true,
    joinMs: 10,
    joins: 0,
    answersLoseMultipath: false,
    destinationRejects: undefined,
    resumesItself: true,
    sampling: Promise.resolve(),
    dead: new Map(),
    refusals: new Map(),
    destinationsRunByThemselves: false,
    answersOfDestination: Promise.resolve(),
  };
  /** Between the two machines. */
  links = 1;
  /** How many have been planned in it. */
  migrations = 0;
  /** By migration. */
  readonly disks = new Map<string, SimulatedDisk>();
  /** The network between the machines, which the migration uses; managers reach the machines on another. */
  networkUp = true;
  /** How often a guest was started or resumed: the memory of any copy that has not seen the last of it is old. */
  #epoch = 0;
  readonly #watchers = new Set<() => void>();
  readonly #waiting: (() => void)[] = [];

  constructor() {
    this.machines = new Map(['alpha', 'beta'].map((id) => [id, new SimulatedMachine(this, id)]));
    this.calls.watch((name) => this.pace.count(name, mostCallsPerSecond));
  }

  machine(id: string): SimulatedMachine {
    const machine = this.machines.get(id);
    if (!machine) throw new Error(`no machine ${id}`);
    return machine;
  }

  get processes(): readonly SimulatedQemu[] {
    return [...this.machines.values()].flatMap((machine) => machine.processes);
  }

  /** A QEMU of strangers, on a machine that no manager knows, which answers at every address of the destination. */
  foreigner: SimulatedQemu | undefined;

  get running(): readonly SimulatedQemu[] {
    return [...this.processes, ...(this.foreigner ? [this.foreigner] : [])].filter((qemu) => qemu.run === 'running');
  }

  /** Living copies whose memory is the guest's newest: the guest can continue from any of them, and from nothing else. */
  get intactCopies(): readonly SimulatedQemu[] {
    return this.processes.filter((qemu) => qemu.guestEpoch === this.#epoch && !qemu.otherHalf);
  }

  /** The truth, for a test to compare with what the engine says: `runs on beta`, `stopped on alpha and beta`, `nowhere`. */
  get whereabouts(): string {
    const names = (copies: readonly SimulatedQemu[]): string => copies.map((qemu) => qemu.machine.id).join(' and ');
    if (this.running.length > 0) return `runs on ${names(this.running)}`;
    return this.intactCopies.length > 0 ? `stopped on ${names(this.intactCopies)}` : 'nowhere';
  }

  find(identity: QemuIdentity): SimulatedQemu | undefined {
    return this.processes.find((qemu) => qemu.identity.pid === identity.pid);
  }

  /** The attempt that this process sends, or receives. */
  streamTo(identity: QemuIdentity, side: 'source' | 'destination'): SimulatedStream | undefined {
    const streams = this.processes.flatMap(({ stream }) => (stream ? [stream] : []));
    return streams.find((stream) => stream[side]?.identity.pid === identity.pid);
  }

  listenerAt({ host, port }: MigrationAddress): SimulatedQemu | undefined {
    return this.processes.find((qemu) => qemu.machine.has(host) && qemu.listener?.port === port);
  }

  /** What a connection to there ends at. */
  answererAt(address: MigrationAddress): SimulatedQemu | undefined {
    return this.foreigner?.alive === true ? this.foreigner : this.listenerAt(address);
  }

  /** Another machine has the destination's address too; a QEMU waits there, and starts what it receives. */
  addForeigner(): SimulatedQemu {
    const machine = new SimulatedMachine(this, 'gamma');
    this.foreigner = machine.startWaiting('of strangers');
    this.foreigner.listen({ host: '0.0.0.0', port: 0, mptcp: true });
    return this.foreigner;
  }

  /** The source is allowed to switch over: only once what it sends is known to arrive, by an entry on disk. */
  leaves(): void {
    const isProven = [...this.disks.values()].some(({ peerProven }) => peerProven);
    if (!isProven) this.violations.push('a switchover towards a peer that is not proven');
  }

  /** Called by a QEMU whose guest begins to run. */
  guestRuns(qemu: SimulatedQemu): void {
    if (qemu.guestEpoch !== this.#epoch) this.violations.push(`an old copy of the guest runs on ${qemu.machine.id}`);
    this.#epoch += 1;
    qemu.guestEpoch = this.#epoch;
  }

  /** The epoch of a guest that is born now. */
  get bootEpoch(): number {
    return this.#epoch;
  }

  /** `cont`, sent by a manager: allowed on the destination after the commit, on the source beside no other copy. */
  judgeCont(qemu: SimulatedQemu): void {
    const others = this.processes.filter((other) => other !== qemu);
    if (qemu.run === 'inmigrate') this.violations.push('cont on a destination that has no guest yet');
    else if (qemu.migrationId === undefined || qemu.outgoing !== 'none') {
      if (others.length > 0) this.violations.push('cont on the source while the destination is not gone');
    } else if (this.disks.get(qemu.migrationId)?.mayStartDestination !== true)
      this.violations.push('cont on the destination before the commit');
    qemu.cont();
  }

  /** A manager is about to end a process: never the only copy from which the guest could continue. */
  judgeKill(qemu: SimulatedQemu): void {
    if (qemu.otherHalf?.alive) this.violations.push(`half of the guest is ended on ${qemu.machine.id}`);
    const intact = this.intactCopies;
    if (intact.length === 1 && intact[0] === qemu) this.violations.push(`the only copy is ended on ${qemu.machine.id}`);
  }

  /** Called after each change of any QEMU, of the network, or of what is on disk. */
  changed(): void {
    if (this.running.length > 1) this.violations.push(`two copies run at ${this.clock.monoMs()} ms`);
    for (const watcher of this.#watchers) watcher();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves with the next change of any QEMU or of the network. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  /** Does something once, as soon as a condition holds. */
  when(condition: () => boolean, then: () => void): void {
    const watcher = (): void => {
      if (!condition()) return;
      this.#watchers.delete(watcher);
      then();
    };
    this.#watchers.add(watcher);
    watcher();
  }

  /** From here on nothing more goes wrong: the network works, and what was to happen later does not. */
  calm(): void {
    this.#watchers.clear();
    this.nature.destinationRejects = undefined;
    this.nature.refusals.clear();
    this.nature.dead.clear();
    for (const machine of this.machines.values()) machine.show();
    this.restoreNetwork();
  }

  cutNetwork(): void {
    this.networkUp = false;
    this.changed();
  }

  restoreNetwork(): void {
    this.networkUp = true;
    this.changed();
  }
}
