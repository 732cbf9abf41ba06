import type { ReportFault } from '#contract/errors.ts';
import type {
  Guest,
  HostFacts,
  MptcpEndpoint,
  MptcpLimits,
  QemuIdentity,
  RouteAnswer,
  RouteQuestion,
  User,
} from '#contract/host.ts';
import type {
  ConnectionFinding,
  JournalEntry,
  JournalEvent,
  PathManagerChange,
  Plan,
  SocketTuning,
  StartedDestination,
} from '#contract/migration.ts';
import type { ConnectionSample, QemuStatistics, Sample } from '#contract/telemetry.ts';
import type { BitsPerSecond, Bytes, Milliseconds } from '#contract/units.ts';
import type { Finding } from '#main/likeness/finding.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import type { StartingPoint } from '#main/likeness/process-order.ts';

/**
 * What the engine needs of the world, and nothing else of it: implementations live in main/hosts and main/storage, fakes
 * in the tests. Every method rejects with a `SwitchyardError`; a time-out means that the outcome is unknown, never that
 * nothing happened.
 */

/** Where a migration stream goes. The adapter prints it in the form that the QEMU at hand understands. */
export interface MigrationAddress {
  readonly host: string;
  /** 0 lets the destination's kernel choose, when listening. */
  readonly port: number;
  /** When listening: the highest port to try. */
  readonly lastPort?: number;
  readonly mptcp: boolean;
}

/** One end of a connection: a numeric address and a port. */
export interface SocketName {
  readonly address: string;
  readonly port: number;
}

/** A listener that Switchyard is to open itself. */
export interface OwnedListenerOrder extends MigrationAddress {
  readonly tuning: SocketTuning | undefined;
}

/** A connection that Switchyard is to make itself. */
export interface OwnedConnectionOrder {
  /** Address that the first subflow leaves from. */
  readonly from: string;
  readonly to: SocketName;
  readonly mptcp: boolean;
  readonly tuning: SocketTuning | undefined;
}

/** Our copy of one end of a connection. A QEMU that was given another copy keeps its own when this one is disposed of. */
export interface OwnedSocket extends Disposable {
  readonly local: SocketName;
  /** What the kernel of this end has made of the connection, as of the answer. */
  connection(): Promise<ConnectionSample>;
  /** This end, to be compared with the other one. */
  end(): Promise<ConnectionEnd>;
  /**
   * Makes room for a first burst that its reader is not ready for, on every subflow that has joined; the kernel still adapts the
   * size afterwards. A size that was set stays as it is.
   */
  makeRoom(): Promise<void>;
  /** How many subflows have joined and are established at this end, the first included; 1 for plain TCP. */
  subflows(): Promise<number>;
}

/**
 * A listener of our own. It must stay open for as long as subflows may join: the kernel refuses those that find no
 * listener on their address.
 */
export interface OwnedListener extends Disposable {
  readonly port: number;
  /** False also where MPTCP was asked for and the kernel refused it. */
  readonly mptcp: boolean;
  /** Before it connects: the connection from that very socket is kept, and every other one is reset, at any time. */
  expect(peer: SocketName): Promise<void>;
  /** The connection that is expected, once it has arrived. */
  accept(peer: SocketName): Promise<OwnedSocket>;
}

/** One end of a connection as the kernel of its host shows it. */
export interface ConnectionEnd {
  /** Of the socket that was made first, and of every further subflow. */
  readonly subflows: readonly { readonly local: SocketName; readonly remote: SocketName }[];
  /** By the process; otherwise it waits to be accepted, or has been closed. */
  readonly held: boolean;
  /** The peer has acknowledged the connection. */
  readonly established: boolean;
  /** Numbers of the data stream, counted from a random beginning; absent for plain TCP and where the kernel hides them. */
  readonly sequence?: {
    /** The next that will be sent. */
    readonly sent: bigint;
    /** Up to here the peer has acknowledged. */
    readonly acked: bigint;
    /** The next that is expected of the peer. */
    readonly received: bigint;
  };
  /** Of plain TCP, where the kernel counts them. */
  readonly bytes?: { readonly sent: Bytes; readonly acked: Bytes; readonly received: Bytes };
}

/** Which connections of a process: it has connected to this port, or takes connections on it. */
export type PortAtEnd = { readonly remotePort: number } | { readonly localPort: number };

/** What a trial of a path and its answer are known by; each is the hexadecimal form of 16 random bytes. */
export interface TrialSecret {
  readonly call: string;
  /** Never sent by the one who calls: only the listener that made it can answer with it. */
  readonly answer: string;
}

/** Answers trials of paths, and no other connection; it is not where a guest is received. */
export interface TrialListener extends Disposable {
  readonly port: number;
  readonly secret: TrialSecret;
  /** Absent where the kernel chose the port: another program is not expected at the same one. */
  readonly door?: TrialDoor;
}

/**
 * What is needed to see whose machine a path leads to before a port is touched that was named: on another machine with this
 * address a QEMU may wait there, which a bare connection ends.
 */
export interface TrialDoor {
  /** A second listener, on a port that the kernel chose. */
  readonly port: number;
  /** The hardware addresses of the destination, as hexadecimal digits. */
  readonly linkAddresses: readonly string[];
}

export interface TrialOrder {
  readonly from: string;
  readonly to: SocketName;
  readonly secret: TrialSecret;
  readonly withinMs: Milliseconds;
  readonly door?: TrialDoor;
}

/** What a monitor said by itself. */
export type QemuEvent =
  | { readonly kind: 'migration'; readonly status: string }
  | { readonly kind: 'run-state'; readonly run: 'running' | 'stopped' }
  | { readonly kind: 'iteration'; readonly iteration: number }
  | { readonly kind: 'shutdown'; readonly byGuest: boolean; readonly reason: string };

export interface QemuStatus {
  /** RunState (qapi/run-state.json). */
  readonly run: string;
  /** MigrationStatus (qapi/migration.json); `none` before the first. */
  readonly migration: string;
  readonly errorText: string | undefined;
  /** Absent before a migration has data (`ram` is missing before setup ends and after a failure). */
  readonly statistics: QemuStatistics | undefined;
}

/** MigrationCapability and MigrationParameters that we set; names are QEMU's (qapi/migration.json). */
export type Capabilities = Readonly<Record<string, boolean>>;
export interface MigrationParameters {
  readonly downtimeLimitMs?: Milliseconds;
  /** 0 is no limit. */
  readonly bandwidthBitsPerSecond?: BitsPerSecond;
  readonly parallelConnections?: number;
}

/** What both sides of a migration must have alike, as QEMU itself names it. */
export interface Hardware {
  /** The machine type behind aliases and defaults: `pc-i440fx-7.2`. */
  readonly machine: string;
  /** Without what was plugged in later. */
  readonly memoryBytes: Bytes;
}

/** One QEMU behind its monitor. */
export interface Qemu {
  readonly identity: QemuIdentity;
  /** query-status and query-migrate. */
  status(): Promise<QemuStatus>;
  capabilities(): Promise<Capabilities>;
  setCapabilities(wanted: Capabilities): Promise<void>;
  setParameters(wanted: MigrationParameters): Promise<void>;
  parameters(): Promise<Required<MigrationParameters>>;
  /** migrate-incoming; answers with the port that is really open. */
  listen(address: MigrationAddress): Promise<number>;
  /** migrate; its success only says that the attempt began. */
  migrate(address: MigrationAddress): Promise<void>;
  /** getfd and migrate-incoming: QEMU gets a copy of the socket, and its guest comes over it. */
  receiveOver(socket: OwnedSocket): Promise<void>;
  /** getfd and migrate: QEMU gets a copy of the socket, and sends its guest over it. */
  migrateOver(socket: OwnedSocket): Promise<void>;
  /** Where it listens for a migration, by its own word; empty when it does not. */
  listeningOn(): Promise<readonly SocketName[]>;
  /** To a QEMU that waits: its guest stays paused when it has arrived, as if it had been started with `-S`. */
  keepPaused(): Promise<void>;
  hardware(): Promise<Hardware>;
  /** set_password of a display, to the first line of a file; no password passes through the engine. */
  setPassword(display: 'vnc' | 'spice', file: string): Promise<void>;
  /** What it consists of now: disks, devices, memory, processors, backends; changes nothing. */
  portrait(): Promise<Portrait>;
  /** Every file and device that it has open for its disks now; one question, changes nothing. */
  images(): Promise<readonly OpenImage[]>;
  /** migrate-continue, where the source waits before the switchover; refused in any other state. */
  switchOver(): Promise<void>;
  /** migrate_cancel, in band. */
  cancel(): Promise<void>;
  /** yank of the migration, out of band: answers also when the main loop is blocked. */
  yank(): Promise<void>;
  /** migrate-start-postcopy; needs `postcopy-ram` on both sides since before `migrate`. */
  startPostCopy(): Promise<void>;
  /** migrate-pause, out of band: only while post-copy is active. */
  pausePostCopy(): Promise<void>;
  /** migrate-recover on the destination, out of band; answers with the port that is really open. */
  recover(address: MigrationAddress): Promise<number>;
  /**
   * getfd and migrate with `resume` on the source, over a connection that is there already. One that QEMU makes itself may
   * hang in a network that works only in part; QEMU 7.2 ends with the guest when it comes up after a later one.
   */
  resumeOver(socket: OwnedSocket): Promise<void>;
  cont(): Promise<void>;
  quit(): Promise<void>;
  onEvent(listener: (event: QemuEvent) => void): () => void;
  /** Resolves with the reason once the connection has ended, at either end. */
  readonly disconnected: Promise<string>;
  /** Ends the connection; the QEMU continues. */
  close(): void;
}

export interface DestinationOrder {
  readonly migrationId: string;
  readonly guest: Guest;
  /** What the guest is now, which its command line is brought up to; without it the command line is taken as it is. */
  readonly portrait?: Portrait;
}

/** Images that a destination is going to use, and for whom the kernel is asked about them. */
export interface DiskOrder {
  /** The QEMU with whose rights they are opened: the one that waits; before it is started the guest's own, whose rights it gets. */
  readonly opener: QemuIdentity;
  /** The QEMUs of this migration: the source gives up what it has locked before the destination takes it. */
  readonly own: readonly QemuIdentity[];
  /** As the source has them open. */
  readonly images: readonly OpenImage[];
}

/** One look at the sockets of a migration. */
export interface SubflowReading {
  /** Totals, rates and states at its own `atMonoMs`, which is a time of this manager's clock. */
  readonly sample: Sample;
  /** Of the connections of this sample. */
  readonly troubles: SubflowTroubles;
}

/** The sockets of one migration, sampled on the source. Owns what it opened. */
export interface SubflowSampler extends Disposable {
  /**
   * Is asked again only after it has answered. An answer may be late or never come, for a host may be far away: nothing
   * that the guest depends on may wait for it. An answer that comes after the sampler was disposed of counts for nothing.
   */
  sample(): Promise<SubflowReading>;
}

export interface SubflowEnds {
  readonly localAddress: string;
  readonly remoteAddress: string;
}

/** A subflow that ended, as the source's path manager announced it. */
export interface ClosedSubflow extends SubflowEnds {
  /** Positive; `undefined` when it was closed in good order. */
  readonly errno: number | undefined;
  /** Between its establishment and its end; `undefined` when it was never established. */
  readonly livedMs: Milliseconds | undefined;
}

/** Subflows that carry nothing, which samples do not show. */
export interface SubflowTroubles {
  /** Their first packet was sent at least twice, without an answer. */
  readonly unanswered: readonly SubflowEnds[];
  readonly closed: readonly ClosedSubflow[];
}

/** What the engine has seen of the connection, for the diagnosis of both kernels. */
export interface ConnectionReport {
  readonly sample: Pick<Sample, 'connections' | 'subflows'>;
  readonly troubles: SubflowTroubles;
  /** It was Multipath TCP right after it had been made. */
  readonly wasMptcp: boolean;
  /** For how long nothing at all has been acknowledged. */
  readonly stalledMs: Milliseconds;
  /** Where the destination listens. */
  readonly listener: { readonly address: string; readonly port: number; readonly mptcp: boolean };
}

/** A network interface that lost or regained its link. */
export interface LinkChange {
  readonly interface: string;
  readonly carrier: boolean;
}

/** One end of a path, as it is announced to the peer. */
export type PathEnd = Omit<MptcpEndpoint, 'id'>;

/**
 * What is done at the end of a path that is announced. `announce`: the peer may join there from now on, at once also with
 * connections that live. `withdraw`: the peer is asked to close its subflows to there. `pause`: they carry data only while
 * no other can; `resume` ends that.
 */
export type PathEndChange = 'announce' | 'withdraw' | 'pause' | 'resume';

/** The subflows of one path: the port, at either end, distinguishes the migration's from others. */
export interface SubflowName extends SubflowEnds {
  readonly port: number;
}

/**
 * What a migration borrows of the path manager of one host, and what was there before. What other open migrations borrow
 * as well stays until the last of them gives it back.
 */
export interface PathLease {
  readonly migrationId: string;
  readonly planned: readonly PathManagerChange[];
  readonly before: { readonly endpoints: readonly MptcpEndpoint[]; readonly limits: MptcpLimits | undefined };
  /** Addresses of this host that carried subflows of the migration. */
  readonly addresses: readonly string[];
  /** Those of them whose announcements were changed while it ran: they become again what they were, id and all. */
  readonly touched: readonly string[];
}

/** What starting a guest's twin would mean, found out without starting it. */
/** Who else has a QEMU in hand. */
export interface Managers {
  /** Ids of migrations that are under way, the caller's own included. */
  readonly migrationIds: readonly string[];
  /**
   * Who is connected to its monitors: nobody, a program that manages no migration, or one that cannot be
   * seen.
   */
  readonly monitors: 'free' | 'held' | 'unknown';
}

export interface TwinForesight {
  /** As whom it would run: the user of its source at this moment. */
  readonly user: User | undefined;
  /** What would be executed. */
  readonly program: string | undefined;
  /** Why that is not the program of the source; absent when it is. */
  readonly programObjection: string | undefined;
  /** Names of the variables of the source's environment that the twin would not get. */
  readonly variablesLeftOut: readonly string[];
  /** Those of them that change how QEMU runs. */
  readonly variablesThatMatter: readonly string[];
  /** Limits of the source that its twin would not have, and rights that it would lack, each a sentence. */
  readonly unlike: readonly string[];
  /** How its process would begin; absent where that was not asked. */
  readonly start?: StartingPoint;
  /** Why it could not be started; empty when it could. */
  readonly problems: readonly { readonly text: string; readonly remedy: string }[];
}

/** Who connects to a port. */
export interface CallerWatch extends Disposable {
  /** Every connection that was made before this was asked is reported before it resolves. Never rejects. */
  look(): Promise<void>;
}

/** What an interface of a host has carried since it was made, headers included. */
export interface PortCounter {
  readonly interface: string;
  readonly sentBytes: Bytes;
  readonly receivedBytes: Bytes;
}

/** What one host can do. */
export interface MigrationHost {
  readonly id: string;
  facts(): Promise<HostFacts>;
  /** Addresses that this host has asked for by ARP or NDP, and for which no machine has answered (yet). */
  unansweredNeighbours(): Promise<readonly string[]>;
  /** What each of its interfaces has carried, as of the answer. */
  portCounters(): Promise<readonly PortCounter[]>;
  guests(): Promise<readonly Guest[]>;
  /** Opens the monitor; refuses a QEMU that is not the one with this identity. */
  attach(identity: QemuIdentity, monitorPath: string): Promise<Qemu>;
  /**
   * `gone` is a proof: this host answered, and it has no process with this pid and start time (or has been booted
   * since). Rejects with `unreachable` when the host does not answer.
   */
  presence(identity: QemuIdentity): Promise<'present' | 'gone'>;
  /**
   * Shows to every process of this machine that a migration of this QEMU is under way, until disposed of or until this process
   * ends. The directory of the journals does not matter. It excludes nobody: look for others after it.
   */
  announceMigration(identity: QemuIdentity, migrationId: string): Promise<Disposable>;
  /** What other processes of this machine show of this QEMU: the migrations that they manage, and who holds a monitor. */
  managersOf(identity: QemuIdentity, monitorPaths: readonly string[]): Promise<Managers>;
  /** Starts the guest's twin, paused and waiting: the source's own command line with `-incoming defer -S`. */
  startDestination(order: DestinationOrder): Promise<StartedDestination>;
  /** What `startDestination` would do for this guest; changes nothing. */
  foreseeDestination(guest: Guest): Promise<TwinForesight>;
  /**
   * Why the destination's QEMU would not get these images when it activates them, after everything else: it may not open one
   * as the source has it open, or another process has it locked. Empty when nothing is against it; changes nothing.
   */
  disksCanBeTaken(order: DiskOrder): Promise<readonly Finding[]>;
  /** Opens a listener here; plain TCP where this kernel refuses MPTCP. Each stranger that it turned away is reported. */
  listenOwned(order: OwnedListenerOrder, onStranger: (stranger: SocketName) => void): Promise<OwnedListener>;
  /**
   * Connects from here; plain TCP where this kernel refuses MPTCP, or the other one does not answer in it. The socket has its
   * name before the first packet leaves: `beforeConnecting` gets it, and is waited for.
   */
  connectOwned(
    order: OwnedConnectionOrder,
    beforeConnecting?: (local: SocketName) => Promise<void>,
  ): Promise<OwnedSocket>;
  /** Listens for trials, on the first port from `port` to `lastPort` that is free; plain TCP. */
  answerTrials(order: Pick<MigrationAddress, 'host' | 'port' | 'lastPort'>): Promise<TrialListener>;
  /**
   * Connects from here over one path, has the listener of `answerTrials` prove itself, and sends it packets as large as the
   * path is said to carry. Rejects with why the path leads nowhere, or at once when the signal fires.
   */
  tryPath(order: TrialOrder, signal: AbortSignal): Promise<void>;
  /** The twin that an earlier manager started for this migration and could not write down. */
  findDestination(migrationId: string): Promise<StartedDestination | undefined>;
  /** Last lines of a QEMU's own output. */
  output(path: string): Promise<string>;
  /** Ends this very process if it is there, and resolves once it is proven gone. */
  terminate(identity: QemuIdentity): Promise<void>;
  /** Removes what a QEMU that is gone left on this host (socket files, its runtime folder). */
  tidy(monitorPath: string): Promise<void>;
  /**
   * `port` is the destination's: it distinguishes the migration's connections from the guest's other ones. A host does what it is
   * asked in order, so a sampler that is asked for before `migrate` listens before there is a connection.
   */
  sampler(identity: QemuIdentity, port: number): Promise<SubflowSampler>;
  /**
   * Makes room for a first burst in what this process listens on at a port: its connections inherit it. Rejects with `native` where
   * the process may not be traced.
   */
  makeRoomAtListener(identity: QemuIdentity, port: number): Promise<void>;
  /**
   * The connections that this very process holds at that port, or is about to accept there, as its kernel shows them at this
   * moment. Rejects where the kernel or the process cannot be asked.
   */
  connectionEnds(identity: QemuIdentity, port: PortAtEnd): Promise<readonly ConnectionEnd[]>;
  /** Whether this host itself has the address: then what is sent there never leaves it. */
  hasAddress(address: string): Promise<boolean>;
  /** What this host's routing would do with such packets, in that order. Sends none; one that is not answered is not known. */
  routes(questions: readonly RouteQuestion[]): Promise<readonly RouteAnswer[]>;
  /**
   * Does what is planned, in order; what is there already stays as it is, and limits are only raised. Acts on every MPTCP
   * connection of the host, also living ones.
   */
  changePathManager(lease: PathLease): Promise<void>;
  /**
   * Undoes what was planned as far as it is still as planned and no other open migration needs it: safe after a crash at
   * any point, and twice.
   */
  restorePathManager(lease: PathLease): Promise<void>;
  /**
   * Acts on every MPTCP connection of the host that reaches from this address to a peer; what is so already stays so. What
   * another open migration uses is not withdrawn until that one withdraws it as well, and is not paused (`rejected`).
   */
  changePath(lease: PathLease, change: PathEndChange, end: PathEnd): Promise<void>;
  /**
   * Closes the subflows between two addresses at this end alone, as a reset would: the peer does not hear of it where
   * nothing reaches it. What was on its way goes over the other paths at once.
   */
  closeSubflows(path: SubflowName): Promise<void>;
  /**
   * Breaks the connections from here to that address that are still being made: what waits for them fails at once instead
   * of after minutes. Those that are made stay.
   */
  hangUp(to: SocketName): Promise<void>;
  /** The link of that interface is back: what it has asked for in vain meanwhile (ARP, NDP) is asked for again. */
  askNeighboursAnew(interfaceName: string): Promise<void>;
  /**
   * Connections to that port of this host, of any process: those that are there and those that come, until disposed. One that
   * ended at once is seen as well, as far as this kernel announces it; a host that cannot be asked reports none.
   */
  watchCallers(port: number, listener: (caller: SocketName) => void): Promise<CallerWatch>;
  /**
   * Reports the links that are down, then every change of a link, until disposed; also before this resolves. No change gets
   * lost between the two: what changes while the links are being listed is reported after them.
   */
  watchLinks(listener: (change: LinkChange) => void): Promise<Disposable>;
}

/** Append-only record of one migration; an append is on disk when it resolves. */
export interface Journal {
  append(event: JournalEvent): Promise<JournalEntry>;
  /** Not synchronised: samples may be lost in a crash, events may not. Never rejects; `lost` counts what could not be kept. */
  sample(sample: Sample): void;
}

export interface Clock {
  monoMs(): Milliseconds;
  epochMs(): Milliseconds;
  /** Resolves after so long, or earlier when the signal fires. */
  sleep(ms: Milliseconds, signal?: AbortSignal): Promise<void>;
}

export interface Ports {
  readonly source: MigrationHost;
  readonly destination: MigrationHost;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly plan: Plan;
  /** Keeps the stack of a fault of ours, and answers with its incident id. Never throws. */
  readonly report: ReportFault;
  /** A line for the trace of the engine; absent when it is not traced. */
  readonly trace?: ((line: string) => void) | undefined;
  /** Why a connection is not what the plan wants: plain TCP, or without some of its paths. Empty when nothing shows why. */
  diagnose(report: ConnectionReport): Promise<readonly ConnectionFinding[]>;
}
