import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { existsSync, rmSync } from 'node:fs';
import type { PreflightAnswer } from '#contract/channels.ts';
import { SwitchyardError, type Failure } from '#contract/errors.ts';
import { trace } from '#contract/trace.ts';
import type { Guest, HostFacts } from '#contract/host.ts';
import { recordSchema, type Check, type JournalEntry, type MigrationRecord, type Plan } from '#contract/migration.ts';
import type { HostMptcpChange, ManagerRequest, MigrationRequest } from '#contract/requests.ts';
import type { Result } from '#contract/result.ts';
import type { MigrationHost, Ports } from '#main/engine/ports.ts';
import { MigrationRun } from '#main/engine/run.ts';
import { isFinal, phaseOf, replay } from '#main/engine/state.ts';
import { migrationRecord, migrationSummary, type MigrationSummary, type RecordSource } from '#main/export/record.ts';
import { recordToLog } from '#main/export/log.ts';
import { systemClock } from '#main/hosts/clock.ts';
import { readProcessOutput } from '#main/hosts/process-output.ts';
import type { Host, Hosts } from '#main/hosts/host.ts';
import { localHosts } from '#main/hosts/hosts.ts';
import { History, type HistoryRow } from '#main/storage/history.ts';
import { readIncidents } from '#main/storage/incidents.ts';
import { createJournal, openJournal } from '#main/storage/journal.ts';
import { lockGuest, lockMigration, managerOf, type LockOwner } from '#main/storage/lock.ts';
import { migrationPaths, openDirectories, type Directories } from '#main/storage/paths.ts';
import { probeNotePath } from '#main/storage/probe-files.ts';
import { readSampleChunk, type SampleChunk } from '#main/storage/sample-chunk.ts';
import { readMigration, readMigrationWithoutSamples, type StoredMigration } from '#main/storage/stored-migration.ts';
import { tellManager } from './control-client.ts';
import { controlSocketPath } from './control-server.ts';
import { diagnoseConnection } from './diagnose-connection.ts';
import { follow } from './follow.ts';
import { Foreteller } from './foretell.ts';
import { requireMptcpIsFree } from './host-mptcp.ts';
import { incidentReporter, type ReportIncident } from './incidents.ts';
import { manage } from './manage.ts';
import type { OpenMigration } from './managed.ts';
import { operatorName } from './operator-name.ts';
import { openMigrationsOf, prepare, type OpenMigration as OpenMigrationOnDisk, type Preparation } from './planning.ts';
import { Prober } from './probing.ts';
import { collectReport, type Report as CollectedReport } from './report/report.ts';
import { surroundings } from './report/surroundings.ts';
import { tarArchive } from './report/tar.ts';
import { withoutSecrets } from './without-secrets.ts';

export type Started =
  | { readonly kind: 'started'; readonly plan: Plan; readonly migration: OpenMigration }
  /** Nothing was done: these checks stand in the way. */
  | { readonly kind: 'refused'; readonly plan: Plan; readonly refusals: readonly Check[] };

/** What ends a halt: a paused post-copy continues, or a guest that the destination does not start returns to the source. */
export type TakeUpRequest = Extract<ManagerRequest['command'], 'recover' | 'go-back'>;

export interface HistoryEntry extends HistoryRow<MigrationSummary> {
  /** A living process manages it. An open one without a manager waits for `switchyard watch`. */
  readonly managed: boolean;
  /** Its lock is damaged, so that it is not known whether a process manages it: `problem` reports that. */
  readonly managerUnknown?: boolean;
}

export interface Report extends CollectedReport {
  /** The files, as `tar` and `gzip` make them. */
  readonly archive: Buffer;
}

export interface ApplicationOptions {
  readonly version: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** This machine and its network namespaces, unless others are given. */
  readonly hosts?: Hosts;
  /** Where faults of ours go; the incident file of this user, unless a face brings what it reports to itself. */
  readonly report?: ReportIncident;
}

/**
 * What Switchyard can do, without a face: the command line, the web host and the desktop shell all call this and nothing
 * below it. Every method rejects with a `SwitchyardError`.
 */
export class Application {
  /** Keeps a fault of ours, and answers with its incident id. */
  readonly report: ReportIncident;
  readonly #directories: Directories;
  readonly #hosts: Hosts;
  readonly #clock = systemClock;
  #outOfReach: readonly string[] = [];
  readonly #version: string;
  readonly #history: History<MigrationSummary>;
  readonly #foreteller = new Foreteller((id) => this.#host(id));
  readonly #prober: Prober;

  constructor({ version, environment = process.env, hosts, report }: ApplicationOptions) {
    this.#version = version;
    this.report = report ?? incidentReporter({ version, face: 'application', environment });
    this.#directories = openDirectories(environment);
    this.#hosts =
      hosts ??
      localHosts({
        runtimeDirectory: this.#directories.runtime,
        journalOf: (id) => journalOf(this.#directories.state, id),
      });
    this.#prober = new Prober({
      state: this.#directories.state,
      hostOf: (id) => this.#host(id),
      clock: this.#clock,
      owner: () => ({ pid: process.pid, user: this.user, sinceEpochMs: this.#clock.epochMs() }),
    });
    this.#history = new History({
      state: this.#directories.state,
      version,
      report: this.report,
      summarise: (migration) => migrationSummary(sourceOf(migration)),
      parse: (summary) => summarySchema.safeParse(summary).data,
      isFinal,
    });
  }

  /** Who is at the keyboard, for the record. */
  get user(): string {
    return operatorName();
  }

  hosts(): Promise<HostFacts[]> {
    return this.#ofAllHosts((host) => host.facts());
  }

  /** MPTCP endpoints and limits of a host that no migration has in its hands. Resolves with the host as it is then. */
  async changeMptcp(hostId: string, change: HostMptcpChange): Promise<HostFacts> {
    const host = this.#host(hostId);
    requireMptcpIsFree(hostId, await this.history({ newest: 0 }));
    await host.changeMptcp(change);
    return host.facts();
  }

  /** Guests of one host, or of all. Their command lines are free of secrets, for which no caller has a use. */
  async guests(hostId?: string): Promise<Guest[]> {
    const found =
      hostId === undefined ? await this.#ofAllHosts((host) => host.guests()) : [await this.#host(hostId).guests()];
    return found.flat().map((guest) => withoutSecrets(guest, guest));
  }

  /** Namespaces that this user could not enter when all hosts were asked last, most often those of root. */
  get hostsOutOfReach(): readonly string[] {
    return this.#outOfReach;
  }

  /**
   * A host that has gone while it was being looked at is left out: a lab may end at any moment. So is a namespace of
   * another user.
   */
  async #ofAllHosts<Answer>(ask: (host: Host) => Promise<Answer>): Promise<Answer[]> {
    const ids = this.#hosts.ids();
    const results = await Promise.allSettled(ids.map(async (id) => ask(this.#host(id))));
    const left = new Set(this.#hosts.ids());
    const outOfReach = ids.filter((_, index) => isOutOfReach(results[index]));
    this.#outOfReach = outOfReach;
    return results.flatMap((result, index) => {
      if (result.status === 'fulfilled') return [result.value];
      const id = ids[index] ?? '';
      if (!left.has(id) || outOfReach.includes(id)) return [];
      throw result.reason;
    });
  }

  /**
   * Looks, and measures the paths where that is wanted. Afterwards everything is looked at again: the kernels count what a
   * probe does too, and what it found out may change the plan.
   */
  async preflight(request: MigrationRequest): Promise<Preparation> {
    await this.#prober.putBackLeftBehind();
    const preparation = await this.#prepare(request);
    const { plan, candidates, routes, refusals } = preparation;
    const probed = await this.#prober.probe({
      wish: request.probe ?? 'auto',
      plan,
      candidates,
      routes,
      isReady: refusals.length === 0,
      open: async () => (await this.#openMigrations()).map((open) => open.plan),
    });
    if (probed.kind === 'skipped' && probed.why === undefined) return preparation;
    return this.#prepare(request, probed.kind === 'skipped' ? probed.why : undefined);
  }

  #prepare(request: MigrationRequest, notProbed?: string): Promise<Preparation> {
    return prepare(request, {
      known: (paths, source, destination) => this.#prober.known(paths, source, destination),
      notProbed,
      resolveHost: (id) => this.#host(id),
      openMigrations: () => this.#openMigrations(),
      user: this.user,
      version: this.#version,
      now: () => new Date(this.#clock.epochMs()),
      random: () => randomBytes(2).toString('hex'),
    });
  }

  /** The same for a window: with what it would be like, and with every command that would be sent. */
  async foretell(request: MigrationRequest): Promise<PreflightAnswer> {
    const preparation = await this.preflight(request);
    return withoutSecrets(preparation.plan.guest, await this.#foreteller.foretell(preparation));
  }

  /** Looks, then starts if nothing stands in the way. The journal is on disk before anything is done. */
  async start(request: MigrationRequest): Promise<Started> {
    const { plan, source, destination, refusals } = await this.preflight(request);
    await using held = new AsyncDisposableStack();
    const owner = this.#owner(plan.id);
    // First: a guest that is on its way fails other checks too, and none of them says why.
    held.use(lockGuest(this.#directories.state, plan.guest.identity, owner));
    if (refusals.length > 0) return withoutSecrets(plan.guest, { kind: 'refused', plan, refusals });
    await this.#refuseOpened(plan);
    held.use(await this.#announced(plan, source));
    const journal = await createJournal(this.#directories.state, plan.id, this.#clock);
    held.defer(() => journal.close());
    held.use(lockMigration(this.#directories.state, owner));
    const ports = this.#ports(plan, source, destination, journal);
    const run = await MigrationRun.begin(ports);
    return { kind: 'started', plan, migration: await this.#manage(run, ports, held.move()) };
  }

  /** Asked again under the lock: another process may have begun a migration of this guest since preflight, and died. */
  async #refuseOpened({ guest }: Plan): Promise<void> {
    const opened = openMigrationsOf(guest.identity, await this.#openMigrations()).find(
      ({ same }) => same === 'process',
    );
    if (!opened) return;
    throw new SwitchyardError({
      kind: 'rejected',
      phase: 'planning',
      event: 'start',
      text: `Migration ${opened.migrationId} of ${guest.name} has not ended.`,
      remedy: `Finish it with \`switchyard watch ${opened.migrationId}\`, then migrate again.`,
    });
  }

  /**
   * Announced first and looked for afterwards: of two that begin at the same time at least one sees the other. Rejects where
   * another manager has this guest in hand, wherever it keeps its journals.
   */
  async #announced({ id, guest }: Plan, source: MigrationHost): Promise<Disposable> {
    const notice = await source.announceMigration(guest.identity, id);
    try {
      const paths = [guest.monitorPath ?? [], guest.otherMonitorPaths ?? []].flat();
      const { migrationIds } = await source.managersOf(guest.identity, paths);
      const [other] = migrationIds.filter((each) => each !== id);
      if (other === undefined) return notice;
      throw new SwitchyardError({
        kind: 'rejected',
        phase: 'planning',
        event: 'start',
        text: `${guest.name} is already migrating (${other}), managed by another process.`,
        remedy: 'Wait until it has ended, then migrate again.',
      });
    } catch (thrown) {
      notice[Symbol.dispose]();
      throw thrown;
    }
  }

  /** Follows a migration that a process manages, takes up one without a manager; `undefined` when nothing is left to do. */
  open(idOrPrefix: string): Promise<OpenMigration | undefined> {
    return this.#open(idOrPrefix);
  }

  /** The same, and asks it at once for what ends a halt. */
  takeUpTo(idOrPrefix: string, command: TakeUpRequest): Promise<OpenMigration | undefined> {
    return this.#open(idOrPrefix, { command, by: this.user });
  }

  async #open(idOrPrefix: string, request?: ManagerRequest): Promise<OpenMigration | undefined> {
    await this.#prober.putBackLeftBehind();
    const id = await this.#history.find(idOrPrefix);
    const controlPath = controlSocketPath(this.#directories.runtime, id);
    if (managerOf(this.#directories.state, id)) {
      const migration = await follow(id, controlPath, () => this.#entries(id));
      if (request) unwrap(await migration.ask(request));
      return migration;
    }
    const last = (await this.#entries(id)).at(-1)?.event;
    if (last?.kind === 'ended' && isFinal(last.outcome)) {
      // Of a manager that was killed when all was done but this.
      rmSync(controlPath, { force: true });
      return undefined;
    }
    return this.#attach(id, request);
  }

  /** Asks the manager of this migration; one that no process manages has to be taken up first. */
  async ask(idOrPrefix: string, request: ManagerRequest): Promise<void> {
    const id = await this.#history.find(idOrPrefix);
    if (!managerOf(this.#directories.state, id)) {
      throw new SwitchyardError({
        kind: 'rejected',
        phase: 'unmanaged',
        event: request.command,
        text: `No process manages ${id} now, so nothing can be changed.`,
        remedy: `Take it up with \`switchyard watch ${id}\` if it still runs.`,
      });
    }
    await tellManager(controlSocketPath(this.#directories.runtime, id), request);
  }

  /**
   * Newest first; of the open ones it is said whether a process manages them. With `newest` so many, and each older one
   * that waits for something.
   */
  async history(options: { readonly newest?: number } = {}): Promise<HistoryEntry[]> {
    return (await this.#history.list(options)).map((row) => this.#entryFrom(row));
  }

  /** How many migrations there are, also of those that a shorter history leaves out. */
  migrationCount(): Promise<number> {
    return this.#history.count();
  }

  #entryFrom(row: HistoryRow<MigrationSummary>): HistoryEntry {
    try {
      return { ...row, managed: row.open && managerOf(this.#directories.state, row.id) !== undefined };
    } catch (thrown) {
      if (!(thrown instanceof SwitchyardError)) throw thrown;
      const { text, remedy } = thrown.failure;
      return { ...row, managed: false, managerUnknown: true, problem: row.problem ?? `${text} ${remedy}` };
    }
  }

  /** The whole record, also of a migration that still runs. */
  async record(idOrPrefix: string): Promise<MigrationRecord> {
    return migrationRecord(sourceOf(await this.stored(idOrPrefix)));
  }

  /** All that is on disk of a migration. */
  async stored(idOrPrefix: string): Promise<StoredMigration> {
    return readMigration(this.#directories.state, await this.#history.find(idOrPrefix));
  }

  /**
   * All that is needed to find the cause of a fault: of an incident, of a migration (by the beginning of its id), or of the
   * latest of the two. Sends nothing anywhere.
   */
  async collectReport(id?: string): Promise<Report> {
    const { state } = this.#directories;
    const report = await collectReport(id, {
      incidents: () => readIncidents(state),
      find: async (wanted) => {
        if (wanted !== undefined) return this.#history.find(wanted);
        return (await this.history({ newest: 1 }))[0]?.id;
      },
      stored: (found) => readMigrationWithoutSamples(state, found),
      log: async (found) => recordToLog(await this.record(found)),
      hosts: () => this.hosts(),
      sourceOutput: async ({ guest, source }) => {
        const presence = await this.#host(source.id).presence(guest.identity);
        return presence === 'gone' ? 'its process is gone' : readProcessOutput(guest.identity.pid);
      },
      destinationOutput: ({ destination }, path) => this.#host(destination.id).output(path),
      surroundings: () => surroundings(this.#version, this.#clock.epochMs(), process.env),
    });
    return { ...report, archive: gzipSync(tarArchive(report.files, this.#clock.epochMs())) };
  }

  /** What cannot be read is left out: `history` names it. */
  async #openMigrations(): Promise<readonly OpenMigrationOnDisk[]> {
    const open = (await this.history({ newest: 0 })).filter((row) => row.open);
    const found = open.map(async ({ id, managed }) => {
      const state = replay((await this.#entries(id)).map(({ event }) => event));
      return state ? [{ plan: state.plan, managed, destination: state.destination?.identity }] : [];
    });
    return (await Promise.all(found)).flat();
  }

  /** Whether a living process manages it; not where its lock is damaged, which its row in the history reports. */
  isManaged(id: string): boolean {
    try {
      return managerOf(this.#directories.state, id) !== undefined;
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return false;
      throw thrown;
    }
  }

  /** Samples later than this instant, at most so many. */
  samples(id: string, range: { readonly afterEpochMs: number; readonly limit: number }): Promise<SampleChunk> {
    return readSampleChunk(this.#directories.state, id, range);
  }

  async #attach(id: string, request: ManagerRequest | undefined): Promise<OpenMigration> {
    await using held = new AsyncDisposableStack();
    const owner = this.#owner(id);
    held.use(lockMigration(this.#directories.state, owner));
    const { journal, reading } = await openJournal(this.#directories.state, id, this.#clock);
    held.defer(() => journal.close());
    const events = reading.entries.map(({ event }) => event);
    const plan = events[0]?.kind === 'planned' ? events[0].plan : undefined;
    if (!plan) {
      throw new SwitchyardError({
        kind: 'rejected',
        phase: 'planning',
        event: 'attach',
        text: `The plan of ${id} cannot be read: its manager ended before anything was done, or another version wrote it.`,
        remedy: 'Take it up with the version of Switchyard that made it; if it ended at once, migrate again.',
      });
    }
    held.use(lockGuest(this.#directories.state, plan.guest.identity, owner));
    const [source, destination] = [this.#host(plan.source.id), this.#host(plan.destination.id)];
    held.use(await this.#announced(plan, source));
    const ports = this.#ports(plan, source, destination, journal);
    const run = await MigrationRun.attach(ports, events, { user: this.user, pid: process.pid });
    // Before it looks around: a halt that no operator asked to end is left as it is.
    if (request) unwrap(await run.ask(request));
    return this.#manage(run, ports, held.move());
  }

  async #manage(first: MigrationRun, ports: Ports, held: AsyncDisposableStack): Promise<OpenMigration> {
    const { id } = ports.plan;
    return manage({
      id,
      first,
      held,
      history: await this.#entries(id),
      controlPath: controlSocketPath(this.#directories.runtime, id),
      report: ports.report,
      clock: ports.clock,
      attachAgain: async () => {
        const events = (await this.#entries(id)).map(({ event }) => event);
        const last = events.at(-1);
        if (last?.kind === 'ended' && isFinal(last.outcome)) return undefined;
        return MigrationRun.attach(ports, events, { user: this.user, pid: process.pid });
      },
    });
  }

  #ports(plan: Plan, source: MigrationHost, destination: MigrationHost, journal: Ports['journal']): Ports {
    const ports = { plan, source, destination, journal, clock: this.#clock };
    const context = { migration: plan.id, argv: plan.guest.argv };
    return {
      ...ports,
      report: (thrown) => this.report(thrown, context),
      trace: trace.engine && ((line) => trace.engine?.(`${plan.id} ${line}`)),
      diagnose: (seen) => diagnoseConnection(plan, { source, destination }, seen),
    };
  }

  #host(id: string): Host {
    return this.#hosts.find(id);
  }

  #owner(migrationId: string): LockOwner {
    return { pid: process.pid, user: this.user, migrationId, sinceEpochMs: this.#clock.epochMs() };
  }

  async #entries(id: string): Promise<readonly JournalEntry[]> {
    return (await readMigrationWithoutSamples(this.#directories.state, id)).entries;
  }
}

/** A lease on a host is held for as long as this exists: the journal of a migration, the note of a probe. */
function journalOf(state: string, id: string): string {
  const note = probeNotePath(state, id);
  return existsSync(note) ? note : migrationPaths(state, id).journal;
}

/** setns(2) refuses a namespace that belongs to another user. */
function isOutOfReach(result: PromiseSettledResult<unknown> | undefined): boolean {
  if (result?.status !== 'rejected' || !(result.reason instanceof SwitchyardError)) return false;
  const { failure } = result.reason;
  return failure.kind === 'native' && failure.syscall === 'setns' && failure.code === 'EPERM';
}

function unwrap(result: Result<void, Failure>): void {
  if (!result.ok) throw new SwitchyardError(result.error);
}

const summarySchema = recordSchema.omit({ samples: true, events: true, checks: true });

function sourceOf({ entries, samples, foreign, samplesProblem }: StoredMigration): RecordSource {
  const state = replay(entries.map(({ event }) => event));
  if (!state) {
    throw new SwitchyardError({
      kind: 'rejected',
      phase: 'planning',
      event: 'read',
      text: 'The plan of this migration cannot be read: its journal ends before it, or another version wrote it.',
      remedy: 'Show it with the version of Switchyard that made it; its journal is left as it is.',
    });
  }
  return {
    entries,
    samples,
    foreign,
    phase: phaseOf(state),
    ...(samplesProblem === undefined ? {} : { samplesProblem }),
  };
}
