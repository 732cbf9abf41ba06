import { SwitchyardError, toFailure, type Failure, type ReportFault } from '#contract/errors.ts';
import type { JournalEntry, JournalEvent, JournalEventOf, Observation, Side, StepName } from '#contract/migration.ts';
import type { ManagerRequest } from '#contract/requests.ts';
import type { Result } from '#contract/result.ts';
import type { QemuStatistics, Sample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import { ConnectionWatch } from './connection-watch.ts';
import { decide, type Decision } from './decide.ts';
import { DiskWatch } from './disk-watch.ts';
import { DecisionTrace } from './decision-trace.ts';
import { LivePaths } from './live-paths.ts';
import { runs, says } from './observation.ts';
import { Observer } from './observer.ts';
import { Opening } from './opening.ts';
import { PeerWatch } from './peer-watch.ts';
import { OperatorRequests } from './operator-requests.ts';
import type { Ports, QemuStatus } from './ports.ts';
import { maySend, maySendOverPaths, standsStill } from './sending.ts';
import { apply, initialState, mayBeInPostCopy, mayPassGate, phaseOf, replay, type MigrationState } from './state.ts';
import { stepTable } from './step-table.ts';
import { steps } from './steps.ts';
import type { Transport } from './step-context.ts';
import { Stopwatch } from './stopwatch.ts';
import { transportFor } from './transport.ts';
import { within } from './within.ts';

export interface RunListener {
  /** After the entry is on disk and in the state. */
  onEntry?(entry: JournalEntry, state: MigrationState): void;
  onSample?(sample: Sample, state: MigrationState): void;
  /** The journal can no longer be written; the migration continues, what follows is not on disk. */
  onJournalLost?(failure: Failure): void;
}

export type Ending = JournalEventOf<'ended'> | { readonly kind: 'detached' };

/** How long the driver rests when nothing stirs: the grain of every watchdog. */
const tickMs = 100;
/** How often a destination is asked while it takes in what it is sent. */
const takingInMs = 500;
/** Every port answers or gives up by itself; one that does neither is not waited for in the end. */
const closingMs = 20_000;

/**
 * One migration from plan to end: journals what happens, decides what follows, acts. It holds no rule of its own: what
 * may be done is in `decide`, how in `steps`, what is seen comes through two `Observer`s.
 */
export class MigrationRun {
  readonly #ports: Ports;
  readonly #transport: Transport;
  readonly #listeners = new Set<RunListener>();
  readonly #observers: Partial<Record<Side, Observer>> = {};
  readonly #seen: Partial<Record<Side, Observation>> = {};
  readonly #observing: Promise<void>[] = [];
  #state: MigrationState;
  #written: Promise<unknown> = Promise.resolve();
  /** Of the last entry. */
  #sequence = 0;
  #stimulus = new AbortController();
  #detached = false;
  #fault: { readonly thrown: unknown } | undefined;
  #statistics: QemuStatistics | undefined;
  #sourceRuns = false;
  readonly #stopwatch: Stopwatch;
  readonly #paths: LivePaths;
  readonly #connection: ConnectionWatch;
  readonly #disks: DiskWatch;
  readonly #peer: PeerWatch;
  readonly #requests: OperatorRequests;
  readonly #decisions: DecisionTrace;
  /** While it is looked whether the source may leave. */
  #leaving: Promise<boolean> | undefined;

  private constructor(ports: Ports, state: MigrationState) {
    this.#ports = ports;
    this.#decisions = new DecisionTrace(ports.trace);
    this.#transport = transportFor(ports.plan.settings);
    this.#state = state;
    this.#stopwatch = new Stopwatch(ports.clock);
    const common = {
      ports,
      state: () => this.#state,
      record: (event: JournalEvent) => this.#dispatch(event),
      onFault: (thrown: unknown) => this.fail(thrown),
    };
    this.#paths = new LivePaths({
      ...common,
      isSending: () => !this.#detached && maySendOverPaths(this.#state),
      lastSample: () => this.#connection.current,
    });
    this.#connection = new ConnectionWatch({
      ...common,
      paths: this.#paths,
      isCopying: () => this.#copying(),
      statistics: () => this.#statistics,
      onSample: (sample) => this.#sampled(sample),
    });
    this.#disks = new DiskWatch({
      ...common,
      sourceMonitor: () => this.#observers.source?.monitor,
      statistics: () => this.#statistics,
    });
    this.#peer = new PeerWatch({ ...common, isCopying: () => this.#copying() });
    this.#requests = new OperatorRequests({
      ...common,
      report: ports.report,
      paths: this.#paths,
      sourceMonitor: () => this.#observers.source?.monitor,
    });
  }

  /** Writes the plan down. Nothing has been done yet when this resolves, and nothing will be if it rejects. */
  static async begin(ports: Ports): Promise<MigrationRun> {
    await ports.journal.append({ kind: 'planned', plan: ports.plan });
    return new MigrationRun(ports, initialState(ports.plan));
  }

  /** Takes up a migration whose manager has gone, from its journal and from what both QEMUs say now. */
  static async attach(
    ports: Ports,
    history: readonly JournalEvent[],
    manager: { readonly user: string; readonly pid: number },
  ): Promise<MigrationRun> {
    const state = replay(history);
    if (!state) throw new TypeError('a journal begins with its plan');
    const run = new MigrationRun(ports, state);
    await run.#dispatch({ kind: 'attached', ...manager });
    return run;
  }

  /** For what is done on behalf of this migration outside of it. */
  get report(): ReportFault {
    return this.#ports.report;
  }

  get state(): MigrationState {
    return this.#state;
  }

  subscribe(listener: RunListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drives until the migration has ended, or until `detach`. At any end, everything that was opened is closed. */
  async run(): Promise<Ending> {
    const links = this.#watchLinks();
    try {
      this.#observe('source');
      this.#observe('destination');
      for (;;) {
        if (this.#detached) return { kind: 'detached' };
        if (this.#fault) throw this.#fault.thrown;
        this.#stimulus = new AbortController();
        this.#sampleOnceMigrating();
        await this.#connection.lookForSilence();
        this.#disks.lookWhenDue();
        const decision = decide(this.#state, this.#stopwatch.elapsed());
        this.#decisions.saw(decision);
        const ended = await this.#carryOut(decision);
        if (ended) return ended;
      }
    } finally {
      this.#detached = true;
      links[Symbol.dispose]();
      for (const observer of Object.values(this.#observers)) observer.stop();
      const closing = Promise.all([
        ...this.#observing,
        this.#connection.end(),
        this.#peer.end(),
        this.#paths.idle(),
        this.#disks.idle(),
      ]);
      await within(this.#ports.clock, closingMs, closing, this.#ports.report);
      this.#transport[Symbol.dispose]();
      await this.#written;
    }
  }

  /** Stops managing the migration without touching it: QEMU continues, and `attach` can take it up again. */
  detach(): void {
    this.#detached = true;
    this.#stimulus.abort();
  }

  /** A fault of ours, in an observer for instance, ends the run with its stack, touching nothing: `attach` takes it up again. */
  fail(thrown: unknown): void {
    this.#fault ??= { thrown };
    this.#stimulus.abort();
  }

  /** Carries out what an operator asks for. What cannot be done now is answered with the reason; nothing is thrown. */
  ask(request: ManagerRequest): Promise<Result<void, Failure>> {
    return this.#requests.ask(request);
  }

  async #carryOut(decision: Decision): Promise<JournalEventOf<'ended'> | undefined> {
    switch (decision.kind) {
      case 'wait':
        await this.#ports.clock.sleep(tickMs, this.#stimulus.signal);
        return undefined;
      case 'note':
        await this.#dispatch(decision.event);
        return undefined;
      case 'act':
        await this.#act(decision.step);
        return undefined;
      case 'end': {
        const { outcome, guest, explanation } = decision;
        const ended = { kind: 'ended', outcome, guest, ...(explanation ? { explanation } : {}) } as const;
        await this.#dispatch(ended);
        return ended;
      }
    }
  }

  /** Intent on disk, act, result on disk. */
  async #act(step: StepName): Promise<void> {
    const unwritten = await this.#dispatch({ kind: 'intended', step });
    if (unwritten && stepTable[step].intentMustBeOnDisk) {
      // A successor that could not read of this step would undo what follows from it. Whatever the journal's failure leaves
      // open, of the step it is certain that it was not begun.
      const { text, remedy } = unwritten;
      const failure = { kind: 'rejected', phase: phaseOf(this.#state).name, event: 'step', text, remedy } as const;
      await this.#dispatch({ kind: 'failed', step, failure });
      return;
    }
    const monitors = {
      source: this.#observers.source?.monitor,
      destination: this.#observers.destination?.monitor,
    };
    const record = async (event: JournalEvent): Promise<void> => void (await this.#dispatch(event));
    const note = (event: JournalEvent): void => {
      if (!this.#state.ended) void this.#dispatch(event);
    };
    const transport = this.#transport;
    if (step === 'restore-paths') await this.#paths.idle();
    const result = await steps[step]({
      state: this.#state,
      ports: this.#ports,
      monitors,
      transport,
      record,
      note,
      mayLeave: () => this.#mayLeave(),
    }).then(
      (report): JournalEvent => ({ kind: 'done', step, ...report }),
      (thrown: unknown): JournalEvent => ({
        kind: 'failed',
        step,
        failure: toFailure(thrown, this.#ports.report),
      }),
    );
    // Answers that were asked for before this moment are about the past, and must not count as what followed the act.
    this.#observers.source?.acted();
    this.#observers.destination?.acted();
    await this.#dispatch(result);
    this.#stopwatch.changed();
    if (step === 'start-destination') this.#observe('destination');
  }

  /** Resolves with why it is not on disk, if it is not: the state follows it all the same. */
  #dispatch(event: JournalEvent): Promise<Failure | undefined> {
    // At once: an entry has the time of what it reports, not that of the disk. The journal keeps the order.
    const writing = this.#write(event);
    const turn = this.#written.then(async () => {
      const { entry, failure } = await writing.then((written) => written(this.#sequence + 1));
      this.#sequence = entry.sequence;
      this.#state = apply(this.#state, event);
      this.#tell((listener) => listener.onEntry?.(entry, this.#state));
      this.#stimulus.abort();
      return failure;
    });
    this.#written = turn;
    return turn;
  }

  /** A journal that fails in mid-run must not harm the guest: what both QEMUs say is enough to finish, and to take up again. */
  async #write(
    event: JournalEvent,
  ): Promise<(sequence: number) => { readonly entry: JournalEntry; readonly failure?: Failure }> {
    const { clock, journal } = this.#ports;
    const when = { atMonoMs: clock.monoMs(), atEpochMs: clock.epochMs() };
    try {
      const entry = await journal.append(event);
      return () => ({ entry });
    } catch (thrown) {
      const failure = toFailure(thrown, this.#ports.report);
      this.#tell((listener) => listener.onJournalLost?.(failure));
      return (sequence) => ({ entry: { sequence, ...when, event }, failure });
    }
  }

  #observe(side: Side): void {
    const { guest } = this.#ports.plan;
    const target = side === 'source' ? guest : this.#state.destination;
    if (!target?.monitorPath || this.#observers[side]) return;
    const observer = new Observer({
      host: this.#ports[side],
      identity: target.identity,
      monitorPath: target.monitorPath,
      clock: this.#ports.clock,
      everyMs: () => this.#restMs(side),
      onObservation: (observation, status) => this.#observed(side, observation, status),
      onEvent: (event) => {
        if (event.kind === 'shutdown' && event.byGuest) {
          void this.#dispatch({ kind: 'guest-shut-down', side, reason: event.reason });
        }
        if (event.kind === 'migration' && event.status === 'pre-switchover' && side === 'source') this.#passGate();
        if (event.kind === 'run-state') void this.#dispatch({ kind: 'run-changed', side, run: event.run });
      },
    });
    this.#observers[side] = observer;
    this.#observing.push(observer.run().catch((fault: unknown) => this.fail(fault)));
  }

  /**
   * While the source runs the guest, a destination takes in what it is sent and reports by an event when that ends: it is asked
   * less often, to see that it still answers.
   */
  #restMs(side: Side): Milliseconds {
    const everyMs = 1000 / this.#ports.plan.settings.sampleHz;
    const takesIn = side === 'destination' && this.#state.steps.migrate === 'done' && this.#sourceRuns;
    return takesIn ? Math.max(everyMs, takingInMs) : everyMs;
  }

  /** A listener that throws has a fault of its own: neither the run nor the other listeners suffer from it. */
  #tell(say: (listener: RunListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        say(listener);
      } catch (thrown) {
        this.#ports.report(thrown);
      }
    }
  }

  async #observed(side: Side, observation: Observation, status: QemuStatus | undefined): Promise<void> {
    const before = this.#seen[side];
    // A QEMU that was sent `quit` falls silent first: that is not worth a line.
    if (observation.kind === 'silent' && this.#state.steps[`quit-${side}`] === 'intended') return;
    // Seen while it was looked whether the source may leave: once it was allowed to, that is past.
    if (says(observation, 'pre-switchover') && (await this.#leaving)) return;
    this.#seen[side] = observation;
    if (side === 'source') this.#followSource(observation, status?.statistics);
    if (!this.#state.current[side] || JSON.stringify(before) !== JSON.stringify(observation)) {
      this.#stopwatch.changed();
      await this.#dispatch({ kind: 'observed', side, observation });
    }
  }

  #followSource(observation: Observation, statistics: QemuStatistics | undefined): void {
    const sourceRuns = runs(observation);
    if (this.#sourceRuns && !sourceRuns) this.#observers.destination?.askNow();
    this.#sourceRuns = sourceRuns;
    this.#stopwatch.sourceIsStopped(standsStill(observation));
    if (!statistics || this.#state.steps.migrate !== 'done') return;
    const iteration = this.#statistics?.iteration ?? 0;
    this.#statistics = statistics;
    this.#stopwatch.moved(statistics.transferredBytes);
    if (statistics.iteration > iteration) {
      const { remainingBytes, transferredBytes, dirtyPagesPerSecond } = statistics;
      void this.#dispatch({
        kind: 'iteration',
        iteration: statistics.iteration,
        remainingBytes,
        transferredBytes,
        dirtyPagesPerSecond,
      });
    }
  }

  /** The links of all paths, at both ends, while the run lasts. It does without those of a host that cannot watch them. */
  #watchLinks(): Disposable {
    const watches = new DisposableStack();
    for (const side of ['source', 'destination'] as const) {
      const watch = this.#ports[side].watchLinks(({ interface: name, carrier }) =>
        this.#paths.linkChanged(side, name, carrier),
      );
      watches.use(new Opening(watch)).opened.catch((thrown: unknown) => this.#cannotWatchLinks(side, thrown));
    }
    return watches;
  }

  #cannotWatchLinks(side: Side, thrown: unknown): void {
    if (!(thrown instanceof SwitchyardError)) this.fail(thrown);
    else if (!this.#detached) void this.#dispatch({ kind: 'links-unwatched', side, why: thrown.failure.text });
  }

  #sampleOnceMigrating(): void {
    const { listener, steps: progress, postCopy } = this.#state;
    if (!listener) return;
    if (!this.#copying()) {
      if (progress.migrate === 'done') void this.#connection.copied();
      return;
    }
    this.#connection.open(listener.port);
    if (progress.migrate !== 'done') return;
    this.#connection.start();
    if (!postCopy.entered) this.#peer.start();
  }

  /**
   * The guest stands still now, and its peer is proven: nothing is left to be decided, and that the source may leave is on
   * disk already. Where this does not come through, the table has the step `switch-over`.
   */
  #passGate(): void {
    if (!mayPassGate(this.#state)) return;
    this.#leaving = this.#leave().finally(() => (this.#leaving = undefined));
  }

  /** Whether the source was allowed to leave. */
  async #leave(): Promise<boolean> {
    const may = await this.#mayLeave();
    if (may) {
      this.#observers.source?.monitor?.switchOver().catch((thrown: unknown) => {
        if (!(thrown instanceof SwitchyardError)) this.fail(thrown);
      });
    }
    return may;
  }

  /** After the last look at the disks, which may have cancelled it. */
  async #mayLeave(): Promise<boolean> {
    await this.#disks.lookAtGate();
    return mayPassGate(this.#state) || mayBeInPostCopy(this.#state);
  }

  #copying(): boolean {
    return !this.#detached && maySend(this.#state);
  }

  #sampled(sample: Sample): void {
    this.#tell((listener) => listener.onSample?.(sample, this.#state));
    this.#stopwatch.moved(sample.connections.reduce((sum, connection) => sum + connection.bytesSent, 0));
  }
}
