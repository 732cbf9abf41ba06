import { resolve } from 'node:path';
import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { Guest, HostFacts, QemuIdentity, RouteAnswer, RouteQuestion } from '#contract/host.ts';
import type { StartedDestination } from '#contract/migration.ts';
import type { HostMptcpChange } from '#contract/requests.ts';
import type {
  CallerWatch,
  ConnectionEnd,
  DestinationOrder,
  DiskOrder,
  LinkChange,
  Managers,
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
  TrialListener,
  TrialOrder,
  TwinForesight,
} from '#main/engine/ports.ts';
import { openMigrationSampler } from '#main/mptcp/open-sampler.ts';
import { readRoutes } from '#main/mptcp/routes.ts';
import type { ProbeAttempt, ProbeConnectOrder, ProbeListener, ProbeListenOrder } from '#main/probe/ports.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { lookUpRoute } from '#native/netlink/route-lookup.ts';
import type { BitsPerSecond, Bytes } from '#contract/units.ts';
import type { QmpClient } from '#main/qmp/client.ts';
import { probeQemuFeatures, type QemuFeatures } from '#main/qmp/features.ts';
import type { Finding } from '#main/likeness/finding.ts';
import { findDestination, startDestination } from './destination.ts';
import { readConnectionEnds } from './connection-ends.ts';
import { announceMigration, managersOf } from './migration-notice.ts';
import { measureDirtyRate } from './dirty-rate.ts';
import { disksCanBeTaken } from './disks/disks-can-be-taken.ts';
import { readFacts } from './facts.ts';
import { featuresOfProgram, readQemuFacts } from './facts/qemu.ts';
import { inContractTerms } from './failures.ts';
import { foreseeDestination } from './foresight.ts';
import { listGuests } from './guests.ts';
import { watchCallers } from './caller-watch.ts';
import type { Host } from './host.ts';
import { watchLinks } from './link-watch.ts';
import { changeMptcp } from './mptcp-change.ts';
import { makeRoomAtListener } from './burst-room.ts';
import { openMonitor } from './monitor-questions.ts';
import { ownPlace, type NetworkPlace } from './network-place.ts';
import { connectFrom } from './own-sockets/connect.ts';
import { listenAt } from './own-sockets/listener.ts';
import { askNeighboursAnew, closeSubflows, hangUp, portCounters, unansweredNeighbours } from './path-control.ts';
import { changeLentPath, giveBack, lend, lendingPlace, type Borrower, type LendingPlace } from './path-leases/lend.ts';
import { readLentFacts } from './path-leases/lent-facts.ts';
import { connectForProbe } from './probe/connection.ts';
import { listenForProbe } from './probe/listener.ts';
import { presenceOf, terminate, type Presence } from './process/identity.ts';
import { featuresOf } from './qemu-features.ts';
import { QemuMonitor } from './qemu-monitor.ts';
import { readQemuProcess } from './qemu-processes.ts';
import { rehearse, type Rehearsal } from './rehearsal.ts';
import { leaseFolder, readOutput, tidyFolderOf } from './runtime-folder.ts';
import { answerTrials, type TrialPort } from './trials/trial-listener.ts';
import { tryPath } from './trials/try-path.ts';

export interface LocalHostOptions {
  /** Folder for the sockets and outputs of destinations; see SWITCHYARD_RUNTIME_DIR. */
  readonly runtimeDirectory: string;
  /** Where the journal of a migration is. The leases of a migration are held for as long as its journal exists. */
  readonly journalOf?: (migrationId: string) => string;
}

/** This machine, or one network namespace of it that stands for a machine of its own. */
export class LocalHost implements Host {
  readonly id: string;
  readonly #network: NetworkPlace;
  readonly #runtimeDirectory: string;
  readonly #journalOf: LocalHostOptions['journalOf'];

  constructor(id: string, options: LocalHostOptions, network: NetworkPlace = ownPlace) {
    this.id = id;
    this.#network = network;
    this.#runtimeDirectory = resolve(options.runtimeDirectory);
    this.#journalOf = options.journalOf;
  }

  facts(): Promise<HostFacts> {
    return inContractTerms(() => readLentFacts(this.#lending.book, () => readFacts(this.id, this.#network)));
  }

  unansweredNeighbours(): Promise<readonly string[]> {
    return inContractTerms(() => unansweredNeighbours(this.#network));
  }

  portCounters(): Promise<readonly PortCounter[]> {
    return inContractTerms(() => portCounters(this.#network));
  }

  guests(): Promise<readonly Guest[]> {
    return inContractTerms(() => listGuests(this.id, this.#network.label()));
  }

  /** The process must listen on this very path, and the guest behind it must have this uuid. */
  attach(identity: QemuIdentity, monitorPath: string): Promise<Qemu> {
    return inContractTerms(async () => {
      const client = await this.#open(identity, monitorPath);
      const dialect = () => featuresOf(`/proc/${identity.pid}/exe`, identity.uid, () => probeQemuFeatures(client));
      return new QemuMonitor(client, identity, dialect);
    });
  }

  dirtyRate(identity: QemuIdentity, monitorPath: string, memoryBytes: Bytes): Promise<BitsPerSecond | undefined> {
    return inContractTerms(async () => {
      await using client = await this.#open(identity, monitorPath);
      return await measureDirtyRate(client, memoryBytes);
    });
  }

  rehearse(guest?: { readonly identity: QemuIdentity; readonly monitorPath: string }): Promise<Rehearsal | undefined> {
    return inContractTerms(async () => {
      if (guest) {
        const ask = async (): Promise<QemuFeatures> => {
          await using client = await this.#open(guest.identity, guest.monitorPath);
          return await probeQemuFeatures(client);
        };
        const { pid, uid } = guest.identity;
        return rehearse(await featuresOf(`/proc/${pid}/exe`, uid, ask));
      }
      const qemu = await readQemuFacts();
      return qemu && rehearse(await featuresOfProgram(qemu.binary));
    });
  }

  presence(identity: QemuIdentity): Promise<Presence> {
    return inContractTerms(() => presenceOf(identity));
  }

  announceMigration(identity: QemuIdentity, migrationId: string): Promise<Disposable> {
    return inContractTerms(() => announceMigration(identity, migrationId));
  }

  managersOf(identity: QemuIdentity, monitorPaths: readonly string[]): Promise<Managers> {
    return inContractTerms(() => managersOf(identity, monitorPaths));
  }

  startDestination(order: DestinationOrder): Promise<StartedDestination> {
    return inContractTerms(() => startDestination(this.#place, order));
  }

  foreseeDestination(guest: Guest): Promise<TwinForesight> {
    return inContractTerms(() => foreseeDestination(this.#place, guest));
  }

  disksCanBeTaken(order: DiskOrder): Promise<readonly Finding[]> {
    return inContractTerms(() => disksCanBeTaken(order));
  }

  listenOwned(order: OwnedListenerOrder, onStranger: (stranger: SocketName) => void): Promise<OwnedListener> {
    return inContractTerms(() => listenAt(this.#network, order, onStranger));
  }

  connectOwned(
    order: OwnedConnectionOrder,
    beforeConnecting?: (local: SocketName) => Promise<void>,
  ): Promise<OwnedSocket> {
    return inContractTerms(() => connectFrom(this.#network, order, beforeConnecting));
  }

  listenForProbe(order: ProbeListenOrder): Promise<ProbeListener> {
    return inContractTerms(() => listenForProbe(this.#network, order));
  }

  connectForProbe(order: ProbeConnectOrder): Promise<ProbeAttempt> {
    return inContractTerms(() => connectForProbe(this.#network, order));
  }

  answerTrials(order: TrialPort): Promise<TrialListener> {
    return inContractTerms(() => answerTrials(this.#network, order));
  }

  tryPath(order: TrialOrder, signal: AbortSignal): Promise<void> {
    return inContractTerms(() => tryPath(this.#network, order, signal));
  }

  findDestination(migrationId: string): Promise<StartedDestination | undefined> {
    return inContractTerms(() => findDestination(this.#place, migrationId));
  }

  output(path: string): Promise<string> {
    return inContractTerms(() => readOutput(path));
  }

  terminate(identity: QemuIdentity): Promise<void> {
    return inContractTerms(() => terminate(identity));
  }

  tidy(monitorPath: string): Promise<void> {
    return inContractTerms(() => tidyFolderOf(monitorPath, this.#runtimeDirectory));
  }

  sampler({ pid }: QemuIdentity, port: number): Promise<SubflowSampler> {
    const { namespace } = this.#network;
    return inContractTerms(async (): Promise<SubflowSampler> => {
      const sampler = await openMigrationSampler({ pid, namespace, remotePorts: [port] });
      return {
        sample: () => inContractTerms(async () => ({ sample: await sampler.sample(), troubles: sampler.troubles() })),
        [Symbol.dispose]: () => sampler[Symbol.dispose](),
      };
    });
  }

  makeRoomAtListener(identity: QemuIdentity, port: number): Promise<void> {
    return inContractTerms(() => makeRoomAtListener(this.#network, identity, port));
  }

  connectionEnds(identity: QemuIdentity, port: PortAtEnd): Promise<readonly ConnectionEnd[]> {
    return inContractTerms(async () =>
      presenceOf(identity) === 'gone' ? [] : await readConnectionEnds(this.#network, identity.pid, port),
    );
  }

  hasAddress(address: string): Promise<boolean> {
    return inContractTerms(async () => {
      using session = openNetlinkSession('route', this.#network.namespace);
      return (await lookUpRoute(session, address))?.local === true;
    });
  }

  routes(questions: readonly RouteQuestion[]): Promise<readonly RouteAnswer[]> {
    return inContractTerms(async () => {
      using session = openNetlinkSession('route', this.#network.namespace);
      return await readRoutes(session, questions);
    });
  }

  changeMptcp(change: HostMptcpChange): Promise<void> {
    return inContractTerms(() => changeMptcp(this.id, this.#network, change));
  }

  changePathManager(lease: PathLease): Promise<void> {
    return inContractTerms(() => lend(this.#lending, this.#borrower(lease)));
  }

  restorePathManager(lease: PathLease): Promise<void> {
    return inContractTerms(() => giveBack(this.#lending, this.#borrower(lease)));
  }

  changePath(lease: PathLease, change: PathEndChange, end: PathEnd): Promise<void> {
    return inContractTerms(() => changeLentPath(this.#lending, this.#borrower(lease), change, end));
  }

  closeSubflows(path: SubflowName): Promise<void> {
    return inContractTerms(() => closeSubflows(this.#network, path));
  }

  hangUp(to: SocketName): Promise<void> {
    return inContractTerms(() => hangUp(this.#network, to));
  }

  askNeighboursAnew(interfaceName: string): Promise<void> {
    return inContractTerms(() => askNeighboursAnew(this.#network, interfaceName));
  }

  watchCallers(port: number, listener: (caller: SocketName) => void): Promise<CallerWatch> {
    return inContractTerms(() => watchCallers(this.#network, port, listener));
  }

  watchLinks(listener: (change: LinkChange) => void): Promise<Disposable> {
    return inContractTerms(() => watchLinks(this.#network, listener));
  }

  async #open(identity: QemuIdentity, monitorPath: string): Promise<QmpClient> {
    if (presenceOf(identity) === 'gone') throw this.#notThere(identity);
    const qemu = readQemuProcess(identity.pid);
    const socket = qemu?.monitors.find(({ path }) => path === monitorPath);
    const isSame = qemu?.process.startTimeTicks === identity.startTimeTicks;
    if (!qemu || !socket || !isSame || (identity.uid ?? qemu.process.uid) !== qemu.process.uid) {
      throw this.#foreign(identity, monitorPath);
    }
    const name = `${qemu.description.name ?? `qemu-${identity.pid}`} on ${this.id}`;
    if (qemu.obstacle) {
      throw invalidRequest(`QEMU of ${name} is not handled. ${qemu.obstacle.text}`, qemu.obstacle.remedy, 'guest');
    }
    const client = await openMonitor({ name, socket, qemu: qemu.process });
    try {
      const { UUID } = await client.execute('query-uuid');
      if (UUID.toLowerCase() !== identity.uuid) throw this.#foreign(identity, monitorPath);
      return client;
    } catch (thrown) {
      await client.close();
      throw thrown;
    }
  }

  get #lending(): LendingPlace {
    return lendingPlace(this.#network, leaseFolder(this.#runtimeDirectory));
  }

  #borrower(lease: PathLease): Borrower {
    const journal = this.#journalOf?.(lease.migrationId);
    return { ...lease, ...(journal === undefined ? {} : { journal }) };
  }

  get #place(): { hostId: string; network: NetworkPlace; runtimeDirectory: string } {
    return { hostId: this.id, network: this.#network, runtimeDirectory: this.#runtimeDirectory };
  }

  #notThere({ pid }: QemuIdentity): SwitchyardError {
    return new SwitchyardError({
      kind: 'unreachable',
      host: this.id,
      text: `QEMU (process ${pid}) does not run on ${this.id} any more.`,
      remedy: 'See `switchyard guests` for what runs there now.',
    });
  }

  #foreign({ pid, uuid }: QemuIdentity, monitorPath: string): SwitchyardError {
    return new SwitchyardError({
      kind: 'invalid-request',
      path: 'monitorPath',
      text: `The monitor ${monitorPath} on ${this.id} is not that of the guest ${uuid} (process ${pid}).`,
      remedy: 'See `switchyard guests` for the guests and their monitors.',
    });
  }
}
