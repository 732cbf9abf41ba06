import type { QemuIdentity } from '#contract/host.ts';
import type { QemuStatistics } from '#contract/telemetry.ts';
import type {
  Capabilities,
  MigrationAddress,
  MigrationParameters,
  QemuEvent,
  QemuStatus,
  SocketName,
} from '#main/engine/ports.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import { emptyPortrait, type Portrait } from '#main/likeness/portrait.ts';
import { refused } from './faults.ts';
import type { SimulatedMachine } from './simulated-machine.ts';
import type { SimulatedMonitor } from './simulated-monitor.ts';
import type { SimulatedSocket } from './simulated-sockets.ts';
import type { SimulatedPostCopy } from './simulated-post-copy.ts';
import { SimulatedStream } from './simulated-stream.ts';
import type { SimulatedWorld } from './simulated-world.ts';

export interface Birth {
  readonly identity: QemuIdentity;
  /** Where its monitor socket and its output are. */
  readonly folder: string;
  /** Set when it was started to receive this migration. */
  readonly migrationId: string | undefined;
}

const mayBeCancelled = new Set(['postcopy-active', 'postcopy-paused', 'setup', 'active', 'pre-switchover', 'device']);
const hasStatistics = new Set([
  'active',
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover',
  'pre-switchover',
  'device',
  'completed',
]);

/**
 * One QEMU process with the manners of QEMU 7.2, as far as a migration manager meets them: what each command answers in
 * which state, which events are reported, what `query-migrate` still says of an earlier migration, and when nothing answers.
 */
export class SimulatedQemu {
  readonly identity: QemuIdentity;
  readonly machine: SimulatedMachine;
  readonly migrationId: string | undefined;
  readonly monitorPath: string;
  readonly outputPath: string;
  /** RunState. */
  run = 'prelaunch';
  /** MigrationStatus of the last departure, and of the arrival; a departure hides the arrival in `query-migrate`. */
  outgoing = 'none';
  incoming = 'none';
  alive = true;
  /** Stopped as by SIGSTOP: it neither answers nor sends. */
  frozen = false;
  /** Which run of the guest its memory is from; none before it has a guest. */
  guestEpoch = -1;
  /** The QEMU that holds the rest of the guest's memory, during post-copy. */
  otherHalf: SimulatedQemu | undefined;
  /** Where it waits for its source to come back. */
  recoveryPort: number | undefined;
  /** The socket that has joined it there. */
  joinedFrom: SocketName | undefined;
  listener: MigrationAddress | undefined;
  /** What it consists of. */
  portrait: Portrait = emptyPortrait;
  images: readonly OpenImage[] = [];
  /** Displays whose password was set. */
  readonly passwords = new Set<string>();
  /** A program that is none of ours is the one client of its monitor. */
  takenMonitor = false;
  /** The one client of its monitor. */
  monitor: SimulatedMonitor | undefined;
  capabilities: Capabilities = {
    events: false,
    'return-path': false,
    multifd: false,
    'pause-before-switchover': false,
    'auto-converge': false,
    'postcopy-ram': false,
  };
  parameters: Required<MigrationParameters> = {
    downtimeLimitMs: 300,
    bandwidthBitsPerSecond: 134_217_728 * 8,
    parallelConnections: 2,
  };
  errorText: string | undefined;
  stream: SimulatedStream | undefined;
  readonly #world: SimulatedWorld;
  #startsPaused = true;
  #held = false;
  #waiting: { readonly outOfBand: boolean; readonly go: () => void }[] = [];
  #completionWasAskedFor = false;

  constructor(world: SimulatedWorld, machine: SimulatedMachine, { identity, folder, migrationId }: Birth) {
    this.#world = world;
    this.machine = machine;
    this.identity = identity;
    this.migrationId = migrationId;
    this.monitorPath = `${folder}/${identity.pid}.qmp`;
    this.outputPath = `${folder}/${identity.pid}.log`;
  }

  /** A guest that was never anywhere else. */
  powerOn(run: 'running' | 'paused'): void {
    this.guestEpoch = this.#world.bootEpoch;
    this.setRun(run);
  }

  /** `-incoming defer`, with or without `-S`. */
  awaitMigration({ startsPaused }: { readonly startsPaused: boolean }): void {
    this.#startsPaused = startsPaused;
    this.setRun('inmigrate');
  }

  // What its monitor does.

  status(): QemuStatus {
    const migration = this.outgoing === 'none' ? this.incoming : this.outgoing;
    return { run: this.run, migration, errorText: this.errorText, statistics: this.#statistics() };
  }

  setCapabilities(wanted: Capabilities): void {
    this.#refuse('setCapabilities');
    this.capabilities = { ...this.capabilities, ...wanted };
  }

  setParameters(wanted: MigrationParameters): void {
    this.#refuse('setParameters');
    this.parameters = { ...this.parameters, ...wanted };
  }

  listen(address: MigrationAddress): number {
    this.#refuse('listen');
    if (this.run !== 'inmigrate')
      throw refused('migrate-incoming', "'-incoming' was not specified on the command line");
    if (this.listener) throw refused('migrate-incoming', 'The incoming migration has already been started');
    const port = address.port === 0 ? 40_000 + this.identity.pid : address.port;
    this.listener = { ...address, port };
    this.#world.changed();
    return port;
  }

  migrate(address: MigrationAddress): void {
    this.#refuse('migrate');
    if (this.run === 'postmigrate') {
      throw refused('migrate', "Can't migrate the vm that was paused due to previous migration");
    }
    if (this.run === 'inmigrate') throw refused('migrate', 'Guest is waiting for an incoming migration');
    if (this.stream?.inProgress) throw refused('migrate', "There's a migration process in progress");
    this.errorText = undefined;
    this.#completionWasAskedFor = false;
    this.stream = new SimulatedStream(this.#world, this, address);
    void this.stream.run();
  }

  receiveOver(socket: SimulatedSocket): void {
    this.#refuse('receiveOver');
    this.listen(socket.handTo(this));
  }

  migrateOver(socket: SimulatedSocket): void {
    this.#refuse('migrateOver');
    this.migrate(socket.handTo(this));
  }

  keepPaused(): void {
    this.#refuse('keepPaused');
    if (this.run === 'inmigrate') this.#startsPaused = true;
    else this.setRun('paused');
  }

  switchOver(): void {
    this.#refuse('switchOver');
    if (this.outgoing !== 'pre-switchover' || !this.stream) {
      throw refused('migrate-continue', 'Migration not in expected state: active');
    }
    this.stream.mayLeave = true;
    this.#world.leaves();
    this.#world.changed();
  }

  cancel(): void {
    this.#refuse('cancel');
    if (mayBeCancelled.has(this.outgoing)) this.setOutgoing('cancelling');
  }

  yank(): void {
    this.#refuse('yank');
    if (!this.stream?.inProgress) throw refused('yank', "Instance 'migration' not found");
    this.stream.yanked = true;
    this.#world.changed();
  }

  startPostCopy(): void {
    this.#refuse('startPostCopy');
    if (!this.capabilities['postcopy-ram']) {
      throw refused(
        'migrate-start-postcopy',
        'Enable postcopy with migrate_set_capability before the start of migration',
      );
    }
    if (this.outgoing === 'none') {
      throw refused('migrate-start-postcopy', 'Postcopy must be started after migration has been started');
    }
    if (this.stream?.inProgress) this.stream.postCopyAsked = true;
  }

  pausePostCopy(): void {
    this.#refuse('pausePostCopy');
    const postCopy = this.#postCopy;
    if (!postCopy) {
      throw refused('migrate-pause', 'migrate-pause is currently only supported during postcopy-active state');
    }
    postCopy.pause(this);
  }

  recover(): number {
    this.#refuse('recover');
    const postCopy = this.#postCopy;
    if (!postCopy) throw refused('migrate-recover', 'Migrate recover can only be run when postcopy is paused.');
    return postCopy.recover();
  }

  resumeOver(socket: SimulatedSocket): void {
    this.#refuse('resumeOver');
    const postCopy = this.#postCopy;
    if (!postCopy) throw refused('migrate', 'Cannot resume if there is no paused migration');
    socket.handTo(this);
    postCopy.resume();
  }

  /** A connection to the port on which it waits to be joined again; the answer is to be called when none waits there any more. */
  takeRecovery(): () => void {
    const postCopy = this.#postCopy;
    postCopy?.taken();
    return () => postCopy?.hungUp();
  }

  cont(): void {
    this.#refuse('cont');
    if (this.run === 'finish-migrate') throw refused('cont', 'Migration is not finalized yet');
    if (this.run === 'inmigrate') this.#startsPaused = false;
    else this.setRun('running');
  }

  quit(): void {
    this.#refuse('quit');
    this.#world.clock.after(2, () => this.die());
  }

  // What happens to it.

  setRun(run: string): void {
    const before = this.run;
    if (before === run) return;
    this.run = run;
    if (run === 'running') {
      this.#world.guestRuns(this);
      this.tell({ kind: 'run-state', run: 'running' });
    } else if (before === 'running') {
      this.tell({ kind: 'run-state', run: 'stopped' });
    }
    this.#world.changed();
  }

  setOutgoing(status: string): void {
    this.outgoing = status;
    this.#tellStatus(status);
    this.#world.changed();
  }

  setIncoming(status: string): void {
    this.incoming = status;
    this.#tellStatus(status);
    this.#world.changed();
  }

  /** Has the whole guest, as a copy of what the source stopped with. */
  arrive(guestEpoch: number, sourceWasRunning: boolean): void {
    this.guestEpoch = guestEpoch;
    this.listener = undefined;
    this.run = 'paused';
    this.setIncoming('completed');
    if (sourceWasRunning && !this.#startsPaused) this.setRun('running');
  }

  /** Post-copy begins: the guest is here, most of its memory is not. */
  takeOver(source: SimulatedQemu, sourceWasRunning: boolean): void {
    this.guestEpoch = source.guestEpoch;
    // What the source still holds is of no use without what runs here.
    source.guestEpoch = -1;
    source.otherHalf = this;
    this.otherHalf = source;
    this.listener = undefined;
    this.run = 'paused';
    this.setIncoming('postcopy-active');
    if (sourceWasRunning && !this.#startsPaused) this.setRun('running');
  }

  /** The last page has arrived. */
  becomeWhole(): void {
    if (this.otherHalf) this.otherHalf.otherHalf = undefined;
    this.otherHalf = undefined;
    this.setIncoming('completed');
  }

  /** A destination that cannot continue prints why and exits 1. */
  giveUp(output: string): void {
    const said = this.machine.files.get(this.outputPath) ?? '';
    this.machine.files.set(this.outputPath, `${said}qemu-system-x86_64: ${output}\n`);
    this.setIncoming('failed');
    this.die();
  }

  die(): void {
    if (!this.alive) return;
    this.alive = false;
    this.listener = undefined;
    this.run = 'gone';
    this.monitor?.breakLine();
    this.#wake();
    this.#world.changed();
  }

  tell(event: QemuEvent): void {
    this.monitor?.tell(event);
  }

  /** The main loop is held: nothing in band is carried out until it is released. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#wake();
  }

  freeze(): void {
    this.frozen = true;
  }

  thaw(): void {
    this.frozen = false;
    this.#wake();
    this.#world.changed();
  }

  /** Resolves when a command of this kind can be carried out, in the order in which they came. */
  turn(outOfBand: boolean): Promise<void> {
    return this.#canAct(outOfBand)
      ? Promise.resolve()
      : new Promise((go) => void this.#waiting.push({ outOfBand, go }));
  }

  /** Another program connects to its monitor first; returns what ends that. */
  heldByAnother(): () => void {
    this.takenMonitor = true;
    return () => {
      this.takenMonitor = false;
    };
  }

  get answersInBand(): boolean {
    return this.#canAct(false);
  }

  #canAct(outOfBand: boolean): boolean {
    return !this.alive || (!this.frozen && (outOfBand || !this.#held));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ outOfBand }) => !this.#canAct(outOfBand));
    for (const { outOfBand, go } of waiting) if (this.#canAct(outOfBand)) go();
  }

  get #postCopy(): SimulatedPostCopy | undefined {
    return (this.stream ?? this.otherHalf?.stream)?.postCopy;
  }

  #tellStatus(status: string): void {
    if (this.capabilities['events']) this.tell({ kind: 'migration', status });
  }

  #refuse(command: string): void {
    const words = this.#world.nature.refusals.get(`${this.machine.id}.${command}`);
    if (words !== undefined) throw refused(command, words);
  }

  /** `ram` is absent before setup ends and after a failure; the first answer after completion holds zeros. */
  #statistics(): QemuStatistics | undefined {
    const { stream } = this;
    if (!stream || !hasStatistics.has(this.outgoing)) return undefined;
    const completed = this.outgoing === 'completed';
    const early = completed && !this.#completionWasAskedFor;
    this.#completionWasAskedFor = completed;
    return {
      status: this.outgoing,
      transferredBytes: stream.bytesSent,
      remainingBytes: stream.remainingBytes,
      totalBytes: 64 * 2 ** 20 - 8192,
      dirtyPagesPerSecond: 500,
      pageSizeBytes: 4096,
      iteration: stream.iteration,
      ...(completed
        ? { downtimeMs: early ? 0 : stream.downtimeMs, totalTimeMs: early ? 0 : stream.totalTimeMs, setupTimeMs: 2 }
        : { expectedDowntimeMs: 40 }),
    };
  }
}
