import { SwitchyardError, toFailure } from '#contract/errors.ts';
import type { ConnectionFinding, JournalEvent } from '#contract/migration.ts';
import type { QemuStatistics, Sample } from '#contract/telemetry.ts';
import type { Bytes, Milliseconds } from '#contract/units.ts';
import { ExcludedSubflows } from './excluded-subflows.ts';
import type { LivePaths } from './live-paths.ts';
import { missingPaths } from './missing-paths.ts';
import { listenerOf, negotiatedBy, negotiatedText, whyTcp } from './negotiation.ts';
import { PortCounts } from './port-counts.ts';
import type { ConnectionReport, Ports, SubflowReading } from './ports.ts';
import { SampleReader } from './sample-reader.ts';
import type { MigrationState } from './state.ts';
import { noSubflows, subflowEvents } from './subflow-events.ts';

/** A connection can fall back with its first data, and its paths join after that: so both are asked again after this. */
const recheckAfterMs = 1000;
/** The first packet of a join that is thrown away is sent again after a second, and is known for what it is then. */
const lastLookAfterMs = 2000;
/** Nothing acknowledged for so long, at any level, is no hiccup. */
const stalledAfterMs = 2000;
/** A host that owes a sample for so long is out of reach, or as good as that. Its last sample is no news any more. */
export const silentAfterMs = 5000;
/** The last sample is waited for, since it completes the totals; at the end of everything, not for longer than this. */
const lastSampleWithinMs = 1000;

export interface ConnectionWatchOptions {
  readonly ports: Pick<Ports, 'source' | 'destination' | 'clock' | 'plan' | 'journal' | 'diagnose' | 'report'>;
  readonly paths: LivePaths;
  readonly state: () => MigrationState;
  /** While the source may still send. */
  readonly isCopying: () => boolean;
  readonly statistics: () => QemuStatistics | undefined;
  readonly record: (event: JournalEvent) => Promise<unknown>;
  readonly onSample: (sample: Sample) => void;
  /** A fault of ours, while no caller waits for an answer. */
  readonly onFault: (thrown: unknown) => void;
}

/**
 * Samples the connections of one migration at the source, and reports what becomes of them: what was negotiated, which
 * subflows came and went, which paths carry nothing and why.
 */
export class ConnectionWatch {
  readonly #options: ConnectionWatchOptions;
  readonly #counts: PortCounts;
  readonly #excluded: ExcludedSubflows;
  #reader: SampleReader | undefined;
  #running: Promise<void> | undefined;
  #counting: Promise<void> | undefined;
  #silenceTold = false;
  #subflows = noSubflows;
  #last: { readonly sample: Sample; readonly heardAtMonoMs: Milliseconds } | undefined;
  #dataSinceMonoMs: Milliseconds | undefined;
  #wasMptcp = false;
  #progress: { readonly bytes: Bytes; readonly atMonoMs: Milliseconds; told: boolean } | undefined;
  #looks: { readonly done: number; readonly told: boolean } = { done: 0, told: false };
  #looking: Promise<void> | undefined;

  constructor(options: ConnectionWatchOptions) {
    this.#options = options;
    this.#counts = new PortCounts(options.ports);
    this.#excluded = new ExcludedSubflows(options);
  }

  /** What was sampled last, while that is news: nothing may be concluded from an older one. */
  get current(): Sample | undefined {
    if (!this.#last) return undefined;
    const ageMs = this.#options.ports.clock.monoMs() - this.#last.heardAtMonoMs;
    return ageMs < silentAfterMs ? this.#last.sample : undefined;
  }

  /** Before the connection is made: why a subflow is refused is reported only once. Waits for nothing. */
  open(port: number): void {
    const { source, plan, clock } = this.#options.ports;
    this.#counts.begin();
    this.#reader ??= new SampleReader(source.sampler(plan.guest.identity, port), clock);
  }

  /** Samples until the source has nothing more to send, or its kernel cannot be asked. */
  start(): void {
    this.#running ??= this.#run().finally(() => {
      // Another attempt to connect is sampled again.
      if (this.#options.state().steps.migrate === undefined) this.#running = undefined;
    });
  }

  /** A host that owes a sample for too long is a fact like a refusal; the sample is still welcome when it comes. */
  async lookForSilence(): Promise<void> {
    if (this.#silenceTold || (this.#reader?.overdueMs ?? 0) < silentAfterMs) return;
    this.#silenceTold = true;
    const { ports, record } = this.#options;
    const why = `${ports.source.id} has not answered for ${silentAfterMs / 1000} s`;
    await record({ kind: 'sampling-failed', why });
  }

  /** Once samples are no longer needed: waits for what is under way, but not for a host that does not answer. */
  async end(): Promise<void> {
    const ended = new AbortController();
    const running = this.#running?.finally(() => ended.abort());
    if (running) await this.#options.ports.clock.sleep(lastSampleWithinMs, ended.signal);
    this.#reader?.[Symbol.dispose]();
    await running;
  }

  async #run(): Promise<void> {
    const { ports, isCopying } = this.#options;
    const { clock, plan } = ports;
    const everyMs = 1000 / plan.settings.sampleHz;
    const reader = this.#reader;
    if (!reader) return;
    try {
      while (isCopying()) {
        const begunAtMonoMs = clock.monoMs();
        await this.#take(reader);
        await clock.sleep(Math.max(1, everyMs - (clock.monoMs() - begunAtMonoMs)));
      }
      await this.#take(reader);
      await this.#looking;
      await this.#counting;
    } catch (thrown) {
      await this.#gaveUp(thrown);
    }
  }

  /** The source has nothing more to send. Waits for both hosts to count, and for no sample. */
  copied(): Promise<void> {
    this.#counting ??= this.#countPorts().catch(this.#options.onFault);
    return this.#counting;
  }

  async #countPorts(): Promise<void> {
    const counted = await this.#counts.end();
    if (counted && !this.#options.state().ended) await this.#options.record(counted);
  }

  async #gaveUp(thrown: unknown): Promise<void> {
    const { ports, record } = this.#options;
    await record({ kind: 'sampling-failed', why: toFailure(thrown, ports.report).text });
  }

  async #take(reader: SampleReader): Promise<void> {
    const { ports, paths, isCopying, statistics, record, onSample } = this.#options;
    const answer = await reader.next();
    if (!answer) return;
    this.#silenceTold = false;
    const qemu = statistics();
    const sample: Sample = qemu ? { ...answer.sample, qemu } : answer.sample;
    if (sample.connections.length === 0 && !sample.qemu) return;
    const reading = { ...answer, sample };
    this.#last = { sample, heardAtMonoMs: ports.clock.monoMs() };
    ports.journal.sample(sample);
    this.#counts.saw(sample);
    onSample(sample);
    if (!isCopying()) return;
    const told = subflowEvents(this.#subflows, sample);
    this.#subflows = told.memory;
    for (const event of told.events) await record(event);
    await this.#checkNegotiation(reading);
    if (this.#options.state().negotiated?.protocol !== 'mptcp') return;
    await paths.begin();
    paths.sampled(sample);
    this.#excluded.sampled(sample);
    this.#lookForPaths(reading);
    this.#lookForStall(reading);
  }

  async #checkNegotiation(reading: SubflowReading): Promise<void> {
    const { sample } = reading;
    const seen = negotiatedBy(sample);
    if (!seen) return;
    const flowing = sample.connections.some((connection) => connection.bytesSent > 0);
    if (flowing) this.#dataSinceMonoMs ??= sample.atMonoMs;
    const { negotiated: before, plan } = this.#options.state();
    const settled = this.#hasFlowedFor(recheckAfterMs, sample);
    const when =
      before === undefined ? 'connected' : settled && before.when === 'connected' ? 'data-flowed' : undefined;
    if (when === undefined && before?.protocol === seen.protocol) return;
    this.#wasMptcp ||= seen.protocol === 'mptcp';
    const established = sample.subflows.filter((subflow) => subflow.state !== 'closed').length;
    const wanted = plan.settings.mptcp !== 'off';
    const why =
      seen.protocol === 'tcp' && wanted ? await whyTcp(this.#options.ports, this.#report(reading, 0)) : undefined;
    await this.#options.record({
      kind: 'negotiated',
      when: when ?? 'data-flowed',
      protocol: seen.protocol,
      connections: [...seen.connections],
      ...(why ?? { text: negotiatedText(seen, established) }),
    });
  }

  /** Once data has flowed for a while; again where nothing explains it yet. */
  #lookForPaths(reading: SubflowReading): void {
    const { sample } = reading;
    const { done, told } = this.#looks;
    const afterMs = [recheckAfterMs, lastLookAfterMs][done];
    if (told || this.#looking || afterMs === undefined || !this.#hasFlowedFor(afterMs, sample)) return;
    this.#looks = { done: done + 1, told };
    if (this.#expectedPaths(sample).length === 0) return;
    this.#look(async () => {
      const reasons = await this.#diagnose(this.#report(reading, 0));
      if (reasons.length === 0 && done === 0) return;
      const missing = this.#missing();
      // It recovered while both hosts were asked.
      if (missing.length > 0) await this.#tell(reasons, missing);
      this.#looks = { done: done + 1, told: true };
    });
  }

  /** A connection that hangs although QEMU has something to send: reported only where there is a reason to show. */
  #lookForStall(reading: SubflowReading): void {
    const { sample } = reading;
    const bytes = sample.connections.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    if (this.#progress === undefined || bytes > this.#progress.bytes) {
      this.#progress = { bytes, atMonoMs: sample.atMonoMs, told: false };
      return;
    }
    const progress = this.#progress;
    const stalledMs = sample.atMonoMs - progress.atMonoMs;
    if (progress.told || this.#looking || stalledMs < stalledAfterMs) return;
    progress.told = true;
    this.#look(async () => {
      const reasons = await this.#diagnose(this.#report(reading, stalledMs));
      if (reasons.length > 0) await this.#tell(reasons, this.#missing());
    });
  }

  #missing(): string[] {
    const { paths } = this.#options.state().plan;
    return this.#last ? missingPaths(paths, this.#last.sample).map(({ sourceInterface }) => sourceInterface) : [];
  }

  async #tell(reasons: readonly ConnectionFinding[], interfaces: string[]): Promise<void> {
    // It may have ended while both hosts were asked.
    if (this.#options.isCopying())
      await this.#options.record({ kind: 'path-missing', interfaces, reasons: [...reasons] });
  }

  /** Samples continue while both hosts are asked. */
  #look(work: () => Promise<void>): void {
    this.#looking = work()
      .catch(this.#options.onFault)
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /** What cannot be found out is no reason to stop. */
  async #diagnose(report: ConnectionReport): Promise<readonly ConnectionFinding[]> {
    try {
      return await this.#options.ports.diagnose(report);
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return [];
      throw thrown;
    }
  }

  #report({ sample, troubles }: SubflowReading, stalledMs: Milliseconds): ConnectionReport {
    return {
      sample,
      troubles,
      wasMptcp: this.#wasMptcp,
      stalledMs,
      listener: listenerOf(this.#options.state()),
    };
  }

  #hasFlowedFor(ms: Milliseconds, { atMonoMs }: Sample): boolean {
    return this.#dataSinceMonoMs !== undefined && atMonoMs - this.#dataSinceMonoMs >= ms;
  }

  /** Missing, and neither taken out by the operator nor known to have lost its link. */
  #expectedPaths(sample: Sample): readonly unknown[] {
    const { plan, changedPaths } = this.#options.state();
    return missingPaths(plan.paths, sample).filter((path) => {
      const changed = changedPaths[path.sourceInterface];
      return changed?.wanted !== 'removed' && changed?.withdrawn !== true && this.#options.paths.isUp(path);
    });
  }
}
