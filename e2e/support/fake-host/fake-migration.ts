import type { JournalEntry, JournalEvent, Observation, Plan } from '#contract/migration.ts';
import type { LiveChange, OperatorPathAction } from '#contract/requests.ts';
import type { QemuStatistics, Sample } from '#contract/telemetry.ts';
import type { Bytes, Milliseconds } from '#contract/units.ts';
import { FakePath, wave } from './fake-path.ts';

const tickMs = 100;
const dirtyBitsPerSecond = 3.1e9;
const pageSizeBytes = 4096;
const setupTimeMs = 20;

/** What happens around the copying, at which time after the start. */
const before: readonly { readonly atMs: Milliseconds; readonly event: JournalEvent }[] = [
  { atMs: 0, event: { kind: 'intended', step: 'start-destination' } },
  { atMs: 200, event: { kind: 'done', step: 'start-destination' } },
  { atMs: 200, event: { kind: 'intended', step: 'compare-twin' } },
  { atMs: 200, event: { kind: 'done', step: 'compare-twin' } },
  { atMs: 200, event: { kind: 'intended', step: 'negotiate-capabilities' } },
  { atMs: 300, event: { kind: 'done', step: 'negotiate-capabilities' } },
  { atMs: 300, event: { kind: 'intended', step: 'check-disks' } },
  { atMs: 300, event: { kind: 'done', step: 'check-disks' } },
  { atMs: 300, event: { kind: 'intended', step: 'listen' } },
  { atMs: 300, event: { kind: 'done', step: 'listen', port: 49_152, mptcp: true } },
  { atMs: 400, event: { kind: 'intended', step: 'migrate' } },
  { atMs: 400, event: { kind: 'done', step: 'migrate' } },
];
const copyingAfterMs = 500;

function observed(run: string, migration: string, side: 'source' | 'destination' = 'source'): JournalEvent {
  const observation: Observation = { kind: 'answering', run, migration };
  return { kind: 'observed', side, observation };
}

/**
 * A whole migration as arithmetic: the same wish and the same interventions give the same journal and the same samples,
 * to the bit. It writes the journal's own events, so that everything made of them (record, sentences, phases, what is
 * possible) is the product's own work.
 */
export class FakeMigration {
  readonly plan: Plan;
  readonly entries: JournalEntry[] = [];
  readonly samples: Sample[] = [];
  readonly #startEpochMs: Milliseconds;
  readonly #paths: FakePath[];
  readonly #mptcp: boolean;
  #elapsedMs = 0;
  #toldBefore = 0;
  #bandwidth: number;
  #downtimeLimitMs: Milliseconds;
  #iteration = 0;
  #iterationSinceMs = 0;
  #remaining: Bytes;
  #transferred: Bytes = 0;
  #postCopy = false;
  #phase: 'preparing' | 'copying' | 'cancelling' | 'ended' = 'preparing';

  constructor(plan: Plan, startEpochMs: Milliseconds, { fallback = false } = {}) {
    this.plan = plan;
    this.#startEpochMs = startEpochMs;
    this.#bandwidth = plan.settings.bandwidthBitsPerSecond;
    this.#downtimeLimitMs = plan.settings.downtimeLimitMs;
    this.#remaining = plan.guest.memoryBytes ?? 2 ** 30;
    this.#mptcp = plan.settings.mptcp !== 'off' && !fallback;
    const used = this.#mptcp ? plan.paths : plan.paths.slice(0, 1);
    const of = Math.max(1, plan.settings.parallelConnections);
    this.#paths = Array.from({ length: of }, (_, connection) =>
      used.map((path, index) => new FakePath(path, index, copyingAfterMs, { connection, of })),
    ).flat();
    this.#tell({ kind: 'planned', plan });
  }

  get ended(): boolean {
    return this.#phase === 'ended';
  }

  get #monoMs(): Milliseconds {
    return 5_000 + this.#elapsedMs;
  }

  advance(byMs: Milliseconds): void {
    for (let passed = 0; passed < byMs && !this.ended; passed += tickMs) this.#tick();
  }

  attach(user: string): void {
    this.#tell({ kind: 'attached', user, pid: 4711 });
    this.#tell(observed('running', 'active'));
  }

  cancel(by: string): void {
    this.#tell({ kind: 'cancel-requested', reason: 'operator', by });
    this.#tell({ kind: 'intended', step: 'cancel' });
    this.#tell({ kind: 'done', step: 'cancel' });
    this.#phase = 'cancelling';
  }

  change(by: string, { downtimeLimitMs, bandwidthBitsPerSecond }: LiveChange): void {
    this.#downtimeLimitMs = downtimeLimitMs ?? this.#downtimeLimitMs;
    this.#bandwidth = bandwidthBitsPerSecond ?? this.#bandwidth;
    this.#tell({
      kind: 'settings-changed',
      by,
      ...(downtimeLimitMs === undefined ? {} : { downtimeLimitMs }),
      ...(bandwidthBitsPerSecond === undefined ? {} : { bandwidthBitsPerSecond }),
    });
  }

  changePath(by: string, action: OperatorPathAction, interfaceName: string): void {
    const [first, ...others] = this.#pathsOn(interfaceName);
    if (!first) return;
    this.#tell({ kind: 'path-changed', by, action, path: first.path });
    for (const path of [first, ...others]) {
      if (action === 'backup') path.setState('backup');
      if (action === 'resume') path.setState('active');
      if (action === 'remove') this.#close(path);
      if (action === 'add') this.#join(path);
    }
  }

  startPostCopy(by: string): void {
    this.#tell({ kind: 'post-copy-requested', by });
    this.#tell({ kind: 'intended', step: 'start-post-copy' });
    this.#tell({ kind: 'done', step: 'start-post-copy' });
    this.#tell(observed('postmigrate', 'postcopy-active'));
    this.#tell({ kind: 'post-copy-entered' });
    this.#postCopy = true;
  }

  /** The cable is pulled on the source's side. */
  cut(interfaceName: string): void {
    const cut = this.#pathsOn(interfaceName).filter(({ state }) => state === 'active');
    if (cut.length === 0) return;
    this.#tell({ kind: 'link-lost', side: 'source', interface: interfaceName });
    for (const path of cut) {
      path.setState('stale');
      this.#tell({ kind: 'subflow-lost', ...where(path), why: 'no carrier' });
    }
  }

  restore(interfaceName: string, afterMs: Milliseconds): void {
    const [first, ...others] = this.#pathsOn(interfaceName).filter(({ state }) => state === 'stale');
    if (!first) return;
    this.#tell({ kind: 'link-back', side: 'source', interface: interfaceName, afterMs });
    this.#tell({ kind: 'path-changed', by: 'switchyard', action: 'rejoin', path: first.path });
    for (const path of [first, ...others]) {
      this.#close(path);
      this.#join(path);
    }
  }

  /** The destination's QEMU dies. */
  /** It holds the whole guest, and refuses to start it. */
  refuseToStart(raw: string): void {
    this.#tell(observed('postmigrate', 'completed'));
    this.#tell(observed('paused', 'completed', 'destination'));
    this.#tell({ kind: 'committed' });
    this.#end({
      kind: 'ended',
      outcome: 'paused-recoverable',
      guest: 'stopped',
      explanation: {
        phase: 'starting-on-destination',
        side: 'destination',
        cause: `${this.plan.destination.id} holds the whole guest, and its QEMU refuses to start it: ${raw}. The guest has never run there. The guest is stopped.`,
        next: `Fix on ${this.plan.destination.id} what QEMU names, then \`switchyard watch ${this.plan.id}\`. Or return the guest to ${this.plan.source.id}: \`switchyard go-back ${this.plan.id}\`.`,
        raw,
      },
    });
  }

  goBack(by: string): void {
    this.#tell({ kind: 'attached', user: by, pid: 4711 });
    this.#tell({ kind: 'go-back-requested', by });
    this.#tell({ kind: 'observed', side: 'destination', observation: { kind: 'gone' } });
    this.#tell(observed('running', 'completed'));
    this.#end({ kind: 'ended', outcome: 'safe-on-source', guest: 'source' });
  }

  failOnDestination(raw: string): void {
    this.#tell(observed('running', 'failed'));
    this.#tell({ kind: 'observed', side: 'destination', observation: { kind: 'gone' } });
    this.#tell({ kind: 'output-kept', side: 'destination', raw });
    this.#end({
      kind: 'ended',
      outcome: 'safe-on-source',
      guest: 'source',
      explanation: {
        phase: 'copying',
        side: 'destination',
        cause: `QEMU gave up the migration: ${raw.split('\n')[0] ?? ''}. The guest is on ${this.plan.source.id} as before.`,
        next: 'Fix what is named, then migrate again: nothing was lost.',
        raw,
      },
    });
  }

  #tick(): void {
    this.#elapsedMs += tickMs;
    if (this.#phase === 'cancelling') return this.#goBack();
    for (let next = before[this.#toldBefore]; next && next.atMs <= this.#elapsedMs; next = before[this.#toldBefore]) {
      this.#tell(next.event);
      this.#toldBefore += 1;
    }
    if (this.#elapsedMs === copyingAfterMs) this.#beginCopying();
    if (this.#phase === 'copying') this.#copy();
  }

  #beginCopying(): void {
    this.#phase = 'copying';
    this.#tell(observed('running', 'active'));
    for (const path of this.#paths) this.#tell({ kind: 'subflow-established', ...where(path) });
    const wanted = this.plan.settings.mptcp !== 'off';
    this.#tell({
      kind: 'negotiated',
      protocol: this.#mptcp ? 'mptcp' : 'tcp',
      when: 'connected',
      connections: [],
      text: this.#mptcp
        ? `Multipath TCP confirmed by the kernel, ${this.#paths.length} subflows`
        : wanted
          ? `${this.plan.destination.id} does not speak MPTCP: its kernel has it switched off`
          : 'plain TCP, as asked',
      ...(wanted && !this.#mptcp ? { command: 'sysctl -w net.mptcp.enabled=1' } : {}),
    });
    this.#beginIteration(this.#remaining);
  }

  #copy(): void {
    const sent = this.#send();
    this.#transferred += sent;
    this.#remaining = Math.max(0, this.#remaining - sent);
    if (this.#remaining === 0) this.#endIteration();
    if (this.#phase === 'copying') this.#take('active');
  }

  #send(): Bytes {
    const wished = this.#paths.map((path) => path.rateAt(this.#monoMs));
    const sum = wished.reduce((total, rate) => total + rate, 0);
    const scale = this.#bandwidth > 0 ? Math.min(1, this.#bandwidth / Math.max(1, sum)) : 1;
    for (const [index, path] of this.#paths.entries()) path.carry((wished[index] ?? 0) * scale, tickMs);
    return Math.min(this.#remaining, (sum * scale * tickMs) / 8000);
  }

  #beginIteration(remaining: Bytes): void {
    this.#iteration += 1;
    this.#iterationSinceMs = this.#elapsedMs;
    this.#remaining = remaining;
    this.#tell({
      kind: 'iteration',
      iteration: this.#iteration,
      remainingBytes: remaining,
      transferredBytes: Math.round(this.#transferred),
      dirtyPagesPerSecond: this.#dirtyPagesPerSecond(),
    });
  }

  #endIteration(): void {
    const dirtied = Math.round(
      (this.#dirtyPagesPerSecond() * pageSizeBytes * (this.#elapsedMs - this.#iterationSinceMs)) / 1000,
    );
    const expectedDowntimeMs = (dirtied * 8000) / Math.max(1, this.#rate());
    if (this.#postCopy || expectedDowntimeMs <= this.#downtimeLimitMs)
      this.#handOver(Math.round(expectedDowntimeMs) + 6);
    else this.#beginIteration(dirtied);
  }

  #handOver(downtimeMs: Milliseconds): void {
    this.#tell({ kind: 'run-changed', side: 'source', run: 'stopped' });
    this.#tell(observed('postmigrate', 'completed'));
    this.#tell(observed('inmigrate', 'completed', 'destination'));
    this.#tell({ kind: 'committed' });
    this.#tell({ kind: 'intended', step: 'resume-destination' });
    // The guest experiences somewhat more than QEMU counts.
    this.#elapsedMs += downtimeMs + 8;
    this.#tell({ kind: 'run-changed', side: 'destination', run: 'running' });
    this.#tell({ kind: 'done', step: 'resume-destination' });
    this.#tell(observed('running', 'completed', 'destination'));
    const totalTimeMs = this.#elapsedMs - 400;
    const final = this.#sampleOf({ status: 'completed', remainingBytes: 0, downtimeMs, setupTimeMs, totalTimeMs });
    this.#tell({ kind: 'final-statistics', sample: final });
    this.#tell({ kind: 'intended', step: 'quit-source' });
    this.#tell({ kind: 'done', step: 'quit-source' });
    this.#end({ kind: 'ended', outcome: 'done-on-destination', guest: 'destination' });
  }

  #goBack(): void {
    this.#tell(observed('running', 'cancelled'));
    this.#tell({ kind: 'intended', step: 'quit-destination' });
    this.#tell({ kind: 'done', step: 'quit-destination' });
    const by = this.entries.findLast(({ event }) => event.kind === 'cancel-requested')?.event;
    this.#end({
      kind: 'ended',
      outcome: 'safe-on-source',
      guest: 'source',
      explanation: {
        phase: 'cancelling',
        cause: `Cancelled by ${by?.kind === 'cancel-requested' ? by.by : 'the operator'}. The guest is on ${this.plan.source.id} as before.`,
        next: 'Migrate again when you are ready.',
      },
    });
  }

  #end(event: JournalEvent): void {
    this.#tell(event);
    this.#phase = 'ended';
  }

  #close(path: FakePath): void {
    this.#tell({ kind: 'subflow-closed', ...where(path) });
    path.close();
  }

  #join(path: FakePath): void {
    path.join(this.#monoMs);
    this.#tell({ kind: 'subflow-established', ...where(path) });
  }

  #pathsOn(interfaceName: string): FakePath[] {
    return this.#paths.filter(({ path }) => path.sourceInterface === interfaceName);
  }

  #rate(): number {
    return this.#paths.reduce((sum, path) => sum + path.rateAt(this.#monoMs), 0);
  }

  #dirtyPagesPerSecond(): number {
    const scale = (this.plan.guest.memoryBytes ?? 2 ** 30) / 2 ** 36;
    return this.#postCopy
      ? 0
      : Math.round(((dirtyBitsPerSecond * scale) / 8 / pageSizeBytes) * (1 + 0.12 * wave(this.#monoMs / 4, 3)));
  }

  #take(status: string): void {
    this.samples.push(this.#sampleOf({ status }));
  }

  #sampleOf(changes: Partial<QemuStatistics>): Sample {
    const throughput = this.#paths.reduce(
      (sum, path) => sum + (path.samples(this.#monoMs, 0).at(-1)?.throughputBitsPerSecond ?? 0),
      0,
    );
    const bytesSent = Math.round(this.#paths.reduce((sum, path) => sum + path.bytesSent, 0));
    const dirtyBytes =
      (this.#dirtyPagesPerSecond() * pageSizeBytes * (this.#elapsedMs - this.#iterationSinceMs)) / 1000;
    return {
      atMonoMs: this.#monoMs,
      atEpochMs: this.#startEpochMs + this.#elapsedMs,
      connections: [
        this.#mptcp
          ? { id: 'd27c32f1', protocol: 'mptcp', fallback: false, bytesSent, bytesReinjected: 0 }
          : { id: 'tcp-40000', protocol: 'tcp', fallback: false, bytesSent, bytesReinjected: 0 },
      ],
      subflows: this.#paths.flatMap((path) => path.samples(this.#monoMs, throughput)),
      throughputBitsPerSecond: throughput,
      qemu: {
        status: 'active',
        transferredBytes: Math.round(this.#transferred),
        remainingBytes: Math.round(this.#remaining),
        totalBytes: this.plan.guest.memoryBytes ?? 2 ** 30,
        dirtyPagesPerSecond: this.#dirtyPagesPerSecond(),
        pageSizeBytes,
        iteration: Math.max(1, this.#iteration),
        expectedDowntimeMs: Math.round((dirtyBytes * 8000) / Math.max(1e9, this.#rate())),
        setupTimeMs,
        ...changes,
      },
    };
  }

  #tell(event: JournalEvent): void {
    this.entries.push({
      sequence: this.entries.length,
      atMonoMs: this.#monoMs,
      atEpochMs: this.#startEpochMs + this.#elapsedMs,
      event,
    });
  }
}

function where({ subflowId, path }: FakePath): {
  subflow: string;
  interface: string;
  localAddress: string;
  remoteAddress: string;
} {
  return {
    subflow: subflowId,
    interface: path.sourceInterface,
    localAddress: path.sourceAddress,
    remoteAddress: path.destinationAddress,
  };
}
