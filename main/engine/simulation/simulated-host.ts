import type { Guest, HostFacts, QemuIdentity, RouteAnswer } from '#contract/host.ts';
import type { StartedDestination } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import type {
  CallerWatch,
  ConnectionEnd,
  DestinationOrder,
  LinkChange,
  MigrationAddress,
  MigrationHost,
  OwnedConnectionOrder,
  OwnedListener,
  OwnedListenerOrder,
  OwnedSocket,
  PathEnd,
  PathEndChange,
  PathLease,
  PortAtEnd,
  PortCounter,
  SocketName,
  SubflowName,
  Qemu,
  SubflowSampler,
  Managers,
  TrialListener,
  TrialOrder,
  TwinForesight,
} from '#main/engine/ports.ts';
import type { Finding } from '#main/likeness/finding.ts';
import { timedOut, unreachable } from './faults.ts';
import type { ManagerLife } from './manager-life.ts';
import type { SimulatedMachine } from './simulated-machine.ts';
import { SimulatedMonitor } from './simulated-monitor.ts';
import { SimulatedSampler } from './simulated-sampler.ts';
import { connectTo, SimulatedListener } from './simulated-sockets.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const connectTimeoutMs = 3000;
const callTimeoutMs = 10_000;
const startTimeoutMs = 60_000;

/** A machine as one manager sees it. Remembers what that manager has opened, so that it can be asked what was left open. */
export class SimulatedHost implements MigrationHost {
  readonly id: string;
  readonly monitors = new Set<SimulatedMonitor>();
  readonly samplers = new Set<SimulatedSampler>();
  readonly sockets = new Set<Disposable>();
  readonly linkListeners = new Set<(change: LinkChange) => void>();
  readonly #world: SimulatedWorld;
  readonly #life: ManagerLife;
  readonly #machine: SimulatedMachine;
  readonly #side: string;

  constructor(world: SimulatedWorld, life: ManagerLife, machine: SimulatedMachine, side: string) {
    this.#world = world;
    this.#life = life;
    this.#machine = machine;
    this.#side = side;
    this.id = machine.id;
  }

  facts(): Promise<HostFacts> {
    return this.#ask('facts', 1, () => this.#machine.facts);
  }

  unansweredNeighbours(): Promise<readonly string[]> {
    return this.#ask('unansweredNeighbours', 1, () => []);
  }

  portCounters(): Promise<readonly PortCounter[]> {
    return this.#ask('portCounters', 1, () => []);
  }

  guests(): Promise<readonly Guest[]> {
    return this.#ask('guests', 1, () => this.#machine.processes.map((qemu) => this.#machine.guestOf(qemu)));
  }

  attach(identity: QemuIdentity, monitorPath: string): Promise<Qemu> {
    return this.#call('attach', connectTimeoutMs, async () => {
      await this.#world.clock.sleep(1);
      const qemu = this.#world.find(identity);
      if (!qemu || qemu.monitorPath !== monitorPath || this.#machine.refusesConnections)
        throw unreachable(`the monitor ${monitorPath}`);
      // Another client holds it, or its main loop cannot negotiate.
      if (qemu.takenMonitor || qemu.monitor || !qemu.answersInBand) {
        await this.#world.clock.sleep(connectTimeoutMs);
        throw timedOut('the greeting of the monitor', connectTimeoutMs);
      }
      const monitor = new SimulatedMonitor(this.#world, this.#life, qemu, this.#side);
      this.monitors.add(monitor);
      void monitor.disconnected.then(() => this.monitors.delete(monitor));
      this.#life.holds(() => monitor.breakLine());
      return monitor;
    });
  }

  presence(identity: QemuIdentity): Promise<'present' | 'gone'> {
    return this.#ask('presence', 1, () => (this.#world.find(identity) ? 'present' : 'gone'));
  }

  announceMigration(): Promise<Disposable> {
    return this.#ask('announceMigration', 1, () => ({ [Symbol.dispose]: () => undefined }));
  }

  managersOf(): Promise<Managers> {
    return this.#ask('managersOf', 1, () => ({ migrationIds: [], monitors: 'free' }));
  }

  startDestination({ migrationId }: DestinationOrder): Promise<StartedDestination> {
    return this.#ask('startDestination', 40, () => this.#machine.startTwin(migrationId), startTimeoutMs);
  }

  foreseeDestination(): Promise<TwinForesight> {
    return this.#ask('foreseeDestination', 1, () => ({
      user: undefined,
      program: undefined,
      programObjection: undefined,
      variablesLeftOut: [],
      variablesThatMatter: [],
      unlike: [],
      problems: [],
    }));
  }

  disksCanBeTaken(): Promise<readonly Finding[]> {
    return this.#ask('disksCanBeTaken', 1, () => this.#machine.diskFindings);
  }

  listenOwned(order: OwnedListenerOrder, onStranger: (stranger: SocketName) => void): Promise<OwnedListener> {
    return this.#ask('listenOwned', 1, () => {
      return this.#hold(new SimulatedListener(this.#machine, order, this.sockets, onStranger));
    });
  }

  connectOwned(
    order: OwnedConnectionOrder,
    beforeConnecting?: (local: SocketName) => Promise<void>,
  ): Promise<OwnedSocket> {
    return this.#call('connectOwned', callTimeoutMs, async () => {
      await this.#world.clock.sleep(2);
      const socket = this.#hold(connectTo(this.#world, order, this.sockets));
      await beforeConnecting?.(socket.local);
      return socket;
    });
  }

  answerTrials({ port }: Pick<MigrationAddress, 'port'>): Promise<TrialListener> {
    return this.#ask('answerTrials', 1, () => {
      const { trialPorts } = this.#machine;
      const trials = {
        port: port === 0 ? 42_000 + trialPorts.size : port,
        secret: { call: 'c0', answer: 'a5' },
        [Symbol.dispose]: () => {
          trialPorts.delete(trials.port);
          this.sockets.delete(trials);
        },
      };
      trialPorts.add(trials.port);
      this.sockets.add(trials);
      return this.#hold(trials);
    });
  }

  tryPath({ to, withinMs }: TrialOrder, signal: AbortSignal): Promise<void> {
    return this.#call('tryPath', callTimeoutMs, async () => {
      const { clock, nature, networkUp, machines } = this.#world;
      await clock.sleep(3);
      const called = [...machines.values()].find((machine) => machine.has(to.address));
      const answers = called?.trialPorts.has(to.port) === true && networkUp;
      const fate = nature.dead.get(to.address) ?? (answers ? undefined : 'silent');
      if (fate === undefined) return;
      if (fate === 'silent') await clock.sleep(withinMs, signal);
      throw unreachable(to.address);
    });
  }

  hangUp({ address }: SocketName): Promise<void> {
    return this.#ask('hangUp', 1, () => {
      for (const qemu of this.#machine.processes) qemu.stream?.hangUp(address);
    });
  }

  findDestination(migrationId: string): Promise<StartedDestination | undefined> {
    return this.#ask('findDestination', 1, () => this.#machine.findTwin(migrationId));
  }

  output(path: string): Promise<string> {
    return this.#ask('output', 1, () => this.#machine.files.get(path) ?? '');
  }

  terminate(identity: QemuIdentity): Promise<void> {
    return this.#ask('terminate', 5, () => {
      const qemu = this.#world.find(identity);
      if (!qemu) return;
      this.#world.judgeKill(qemu);
      qemu.die();
    });
  }

  tidy(monitorPath: string): Promise<void> {
    return this.#ask('tidy', 1, () => {
      const folder = monitorPath.slice(0, monitorPath.lastIndexOf('/') + 1);
      for (const path of this.#machine.files.keys()) if (path.startsWith(folder)) this.#machine.files.delete(path);
    });
  }

  sampler(identity: QemuIdentity, port: number): Promise<SubflowSampler> {
    return this.#ask('sampler', 1, () => {
      const of = { identity, port };
      const sampler = new SimulatedSampler(this.#world, this.#life, of, () => this.samplers.delete(sampler));
      this.samplers.add(sampler);
      return sampler;
    });
  }

  makeRoomAtListener(): Promise<void> {
    return this.#ask('makeRoomAtListener', 1, () => undefined);
  }

  connectionEnds(identity: QemuIdentity, port: PortAtEnd): Promise<readonly ConnectionEnd[]> {
    return this.#call('connectionEnds', callTimeoutMs, async () => {
      const { nature, clock } = this.#world;
      const isSource = 'remotePort' in port;
      await (isSource ? nature.sampling : nature.answersOfDestination);
      await clock.sleep(1);
      const joined = this.#world.find(identity)?.joinedFrom;
      if (joined && !isSource) {
        const local = { address: this.#machine.address, port: port.localPort };
        return [{ subflows: [{ local, remote: joined }], held: true, established: true }];
      }
      const stream = this.#world.streamTo(identity, isSource ? 'source' : 'destination');
      return stream?.connected === true ? stream.ends(isSource ? 'source' : 'destination') : [];
    });
  }

  hasAddress(address: string): Promise<boolean> {
    return this.#ask('hasAddress', 1, () => this.#machine.otherAddresses.has(address));
  }

  routes(): Promise<readonly RouteAnswer[]> {
    return this.#ask('routes', 1, () => []);
  }

  changePathManager({ planned }: PathLease): Promise<void> {
    return this.#ask('changePathManager', 1, () => this.#machine.changePathManager(planned));
  }

  restorePathManager({ planned }: PathLease): Promise<void> {
    return this.#ask('restorePathManager', 1, () => this.#machine.restorePathManager(planned));
  }

  changePath(_lease: PathLease, change: PathEndChange, { address }: PathEnd): Promise<void> {
    return this.#ask('changePath', 1, () => void this.#machine.pathActions.push({ action: change, address }));
  }

  closeSubflows({ localAddress: address }: SubflowName): Promise<void> {
    return this.#ask('closeSubflows', 1, () => void this.#machine.pathActions.push({ action: 'close', address }));
  }

  askNeighboursAnew(): Promise<void> {
    return this.#ask('askNeighboursAnew', 1, () => undefined);
  }

  watchCallers(port: number, listener: (caller: SocketName) => void): Promise<CallerWatch> {
    return this.#ask('watchCallers', 1, () => {
      const watch = { port, tell: (caller: SocketName) => void (this.#life.alive && listener(caller)) };
      const handle = {
        look: () => this.#life.bound(() => this.#world.clock.sleep(1)),
        [Symbol.dispose]: () => {
          this.sockets.delete(handle);
          this.#machine.callerWatches.delete(watch);
        },
      };
      this.sockets.add(handle);
      this.#machine.callerWatches.add(watch);
      return this.#hold(handle);
    });
  }

  watchLinks(listener: (change: LinkChange) => void): Promise<Disposable> {
    return this.#ask('watchLinks', 1, () => this.#tellLinkChanges(listener));
  }

  #tellLinkChanges(listener: (change: LinkChange) => void): Disposable {
    const tell = (change: LinkChange): void => {
      if (this.#life.alive) listener(change);
    };
    this.linkListeners.add(tell);
    this.#machine.linkListeners.add(tell);
    return {
      [Symbol.dispose]: () => {
        this.linkListeners.delete(tell);
        this.#machine.linkListeners.delete(tell);
      },
    };
  }

  /** The kernel closes what a manager leaves open when it dies. */
  #hold<Socket extends Disposable>(socket: Socket): Socket {
    this.#life.holds(() => socket[Symbol.dispose]());
    return socket;
  }

  #ask<Value>(method: string, afterMs: Milliseconds, answer: () => Value, timeoutMs = callTimeoutMs): Promise<Value> {
    return this.#call(method, timeoutMs, async () => {
      await this.#world.clock.sleep(afterMs);
      return answer();
    });
  }

  #call<Value>(method: string, timeoutMs: Milliseconds, perform: () => Promise<Value>): Promise<Value> {
    const reach = async (): Promise<Value> => {
      if (this.#machine.reachable) return perform();
      await this.#world.clock.sleep(500);
      throw unreachable(this.id);
    };
    const call = {
      name: `${this.#side}.${method}`,
      of: 'host',
      timeoutMs,
      perform: reach,
      hangUp: () => undefined,
    } as const;
    return this.#life.bound(() => this.#world.calls.pass(call));
  }
}
