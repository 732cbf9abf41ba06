import type { Guest, HostFacts, QemuIdentity } from '#contract/host.ts';
import type { PathManagerChange, StartedDestination } from '#contract/migration.ts';
import type { LinkChange, PathEndChange, SocketName } from '#main/engine/ports.ts';
import type { Finding } from '#main/likeness/finding.ts';
import { addressOn, factsOf, guestNamed } from './facts.ts';
import { SimulatedQemu } from './simulated-qemu.ts';
import type { SimulatedListener } from './simulated-sockets.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const addresses: Readonly<Record<string, string>> = { alpha: '10.0.1.1', beta: '10.0.1.2' };

const firstPids: Readonly<Record<string, number>> = { alpha: 1000, beta: 2000 };

/** One host: its processes, what they left on disk, and whether a manager can reach it. */
export class SimulatedMachine {
  readonly id: string;
  readonly address: string;
  readonly facts: HostFacts;
  /** Files by path: monitor sockets and outputs. */
  readonly files = new Map<string, string>();
  /** Why a QEMU here would not get the disks of a guest. */
  diskFindings: readonly Finding[] = [];
  reachable = true;
  /** Monitors here refuse every new connection at once; their processes are there. */
  refusesConnections = false;
  /** What was changed in its MPTCP path manager and not put back. */
  pathChanges: readonly PathManagerChange[] = [];
  /** What was done to paths of living connections, in order. */
  readonly pathActions: { readonly action: PathEndChange | 'close'; readonly address: string }[] = [];
  /** Addresses that it has beside its own. */
  readonly otherAddresses = new Set<string>();
  readonly linkListeners = new Set<(change: LinkChange) => void>();
  /** Who wants to hear of connections to a port. */
  readonly callerWatches = new Set<{ readonly port: number; readonly tell: (caller: SocketName) => void }>();
  /** Ports on which managers answer trials of paths. */
  readonly trialPorts = new Set<number>();
  /** Listeners that managers have opened here. */
  readonly sockets = new Set<SimulatedListener>();
  readonly #world: SimulatedWorld;
  readonly #processes: SimulatedQemu[] = [];
  #lastPid: number;

  constructor(world: SimulatedWorld, id: string) {
    this.#world = world;
    this.id = id;
    this.address = addresses[id] ?? '10.0.1.9';
    this.facts = factsOf(id, this.address);
    this.#lastPid = firstPids[id] ?? 3000;
  }

  get answersLoseMultipath(): boolean {
    return this.#world.nature.answersLoseMultipath;
  }

  /** Whether that is its address, on any link. */
  has(address: string): boolean {
    return addressOn(1, address) === this.address;
  }

  get processes(): readonly SimulatedQemu[] {
    return this.#processes.filter(({ alive }) => alive);
  }

  /** Every QEMU that ever ran here. */
  get history(): readonly SimulatedQemu[] {
    return this.#processes;
  }

  /** Starts a guest as an operator does. */
  boot(run: 'running' | 'paused' = 'running'): Guest {
    const qemu = this.#start('/run/guest');
    qemu.powerOn(run);
    return this.guestOf(qemu);
  }

  guestOf(qemu: SimulatedQemu): Guest {
    return guestNamed(this.id, qemu.identity, qemu.monitorPath);
  }

  startTwin(migrationId: string): StartedDestination {
    const qemu = this.#start(`/run/switchyard/${migrationId}`, migrationId);
    qemu.awaitMigration({ startsPaused: !this.#world.nature.destinationsRunByThemselves });
    return startedOf(qemu);
  }

  /** A stranger connects to the port that waits for a migration here, and sends nothing of use. */
  strangerCalls(caller: SocketName): void {
    for (const { onStranger } of this.sockets) onStranger(caller);
    if (this.sockets.size > 0) return;
    const waiting = this.processes.find(({ listener }) => listener);
    if (!waiting?.listener) return;
    const { port } = waiting.listener;
    for (const watch of this.callerWatches) if (watch.port === port) watch.tell(caller);
    waiting.giveUp('load of migration failed: Input/output error');
  }

  /** A QEMU that the operator starts by hand for this migration; its guest would run as soon as it has arrived. */
  startWaiting(migrationId: string): SimulatedQemu {
    const qemu = this.#start('/run/guest', migrationId);
    qemu.awaitMigration({ startsPaused: false });
    return qemu;
  }

  findTwin(migrationId: string): StartedDestination | undefined {
    const folder = `/run/switchyard/${migrationId}/`;
    const qemu = this.processes.find(({ monitorPath }) => monitorPath.startsWith(folder));
    return qemu && startedOf(qemu);
  }

  /** Managers lose sight of it; what runs there continues. */
  hide(): void {
    this.reachable = false;
    for (const qemu of this.processes) qemu.monitor?.breakLine();
  }

  show(): void {
    this.reachable = true;
  }

  changePathManager(changes: readonly PathManagerChange[]): void {
    const known = new Set(this.pathChanges.map((change) => JSON.stringify(change)));
    this.pathChanges = [...this.pathChanges, ...changes.filter((change) => !known.has(JSON.stringify(change)))];
  }

  restorePathManager(planned: readonly PathManagerChange[]): void {
    const undone = new Set(planned.map((change) => JSON.stringify(change)));
    this.pathChanges = this.pathChanges.filter((change) => !undone.has(JSON.stringify(change)));
  }

  /** One of its network interfaces loses its link, or has it back. */
  changeLink(change: LinkChange): void {
    for (const tell of this.linkListeners) tell(change);
  }

  #start(folder: string, migrationId?: string): SimulatedQemu {
    this.#lastPid += 1;
    const identity: QemuIdentity = {
      uuid: guestUuid,
      pid: this.#lastPid,
      startTimeTicks: this.#lastPid * 100,
      bootId: this.facts.bootId,
    };
    const qemu = new SimulatedQemu(this.#world, this, { identity, folder, migrationId });
    this.files.set(qemu.monitorPath, '');
    this.files.set(qemu.outputPath, '');
    this.#processes.push(qemu);
    return qemu;
  }
}

const guestUuid = '5f8f3c1e-0000-4000-8000-000000000001';

function startedOf({ identity, monitorPath, outputPath }: SimulatedQemu): StartedDestination {
  return { identity, monitorPath, outputPath };
}
