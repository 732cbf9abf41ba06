import type {
  CommandRequest,
  EventName,
  EventPayload,
  Handlers,
  MigrationRow,
  PreflightAnswer,
} from '#contract/channels.ts';
import { invalidRequest } from '#contract/errors.ts';
import type { Guest, HostFacts } from '#contract/host.ts';
import type { LabView } from '#contract/lab.ts';
import type { Check, Path, Plan } from '#contract/migration.ts';
import type { HostMptcpChange, MigrationRequest } from '#contract/requests.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { AppWindow } from '#main/app/face.ts';
import { requireMptcpIsFree } from '#main/app/host-mptcp.ts';
import { rowOf, viewOf } from '#main/app/view.ts';
import { phaseOf, replay } from '#main/engine/state.ts';
import { recordToCsv } from '#main/export/csv.ts';
import { recordToHtml } from '#main/export/html.ts';
import { recordToJson } from '#main/export/json.ts';
import { recordToLog } from '#main/export/log.ts';
import { migrationRecord } from '#main/export/record.ts';
import { TelemetryLane } from '#main/telemetry/lane.ts';
import { forecastOf, reviewOf } from './fake-answers.ts';
import { FakeMigration } from './fake-migration.ts';
import { FakeLab } from './fake-lab.ts';
import { withMptcpChange } from './fake-path-manager.ts';
import { chosenPaths, guests as rackGuests, hosts as rackHosts } from './world.ts';

/** Noon of a day, for pictures that are alike in every run. */
const fixedStartEpochMs = Date.UTC(2026, 10, 22, 12, 2, 50);

interface OpenWindow {
  readonly window: AppWindow;
  lane: { readonly id: string; readonly lane: TelemetryLane } | undefined;
}

/**
 * Answers everything that a window can ask, from a made-up rack of hosts and arithmetic instead of guests. Time stands
 * still until `advance`: a test, or a clock, moves it. Records, sentences, phases, exports and the telemetry lane are the
 * product's own.
 */
export class FakeHost {
  readonly #migrations = new Map<string, FakeMigration>();
  readonly #windows = new Map<string, OpenWindow>();
  readonly #abandoned = new Set<string>();
  readonly #labs = new Map<string, FakeLab>();
  readonly #user: string;
  #nowEpochMs: Milliseconds;
  #probedAtEpochMs: Milliseconds | undefined;
  /** Distinguishes two migrations of one instant. */
  #started = 0;
  #guests: readonly Guest[] = rackGuests;
  #rack: readonly HostFacts[] = rackHosts;
  readonly #lostAtEpochMs = new Map<string, Milliseconds>();

  constructor({ user = 'ada', startEpochMs = fixedStartEpochMs } = {}) {
    this.#user = user;
    this.#nowEpochMs = startEpochMs;
  }

  get nowEpochMs(): Milliseconds {
    return this.#nowEpochMs;
  }

  openWindow(window: AppWindow): void {
    this.#windows.set(window.id, { window, lane: undefined });
  }

  closeWindow({ id }: AppWindow): void {
    this.#windows.delete(id);
  }

  advance(byMs: Milliseconds): void {
    for (let passed = 0; passed < byMs; passed += 100) {
      this.#nowEpochMs += 100;
      for (const [id, migration] of this.#migrations) if (!migration.ended) this.#advanceOne(id, migration);
    }
  }

  /** Starts at once, without a window; `fallback`: the other side turns out not to speak MPTCP. */
  start(request: MigrationRequest, options?: { fallback: boolean }): string {
    const plan = this.#planFor(request);
    this.#migrations.set(plan.id, new FakeMigration(plan, this.#nowEpochMs, options));
    this.#announce(plan.id);
    return plan.id;
  }

  migration(id: string): FakeMigration {
    const migration = this.#migrations.get(id);
    if (!migration) throw invalidRequest(`There is no migration ${id}.`, 'Open the history.', 'id');
    return migration;
  }

  /** All that run lose this interface of the source's. */
  cut(interfaceName: string): void {
    this.#lostAtEpochMs.set(interfaceName, this.#nowEpochMs);
    this.#intervene((migration) => migration.cut(interfaceName));
  }

  restore(interfaceName: string): void {
    const afterMs = this.#nowEpochMs - (this.#lostAtEpochMs.get(interfaceName) ?? this.#nowEpochMs);
    this.#intervene((migration) => migration.restore(interfaceName, afterMs));
  }

  /** Its manager dies; the guest continues to move. */
  abandon(id: string): void {
    this.#abandoned.add(id);
    this.#announce(id);
  }

  /** By a window, or behind its back by another program. */
  changeMptcp(hostId: string, change: HostMptcpChange): HostFacts {
    const migrations = [...this.#migrations.keys()].map((id) => this.#row(id));
    requireMptcpIsFree(hostId, migrations);
    const host = this.#rack.find(({ id }) => id === hostId);
    if (!host) throw invalidRequest(`There is no host "${hostId}".`, 'Choose one of those that are listed.', 'hostId');
    const changed = withMptcpChange(host, change);
    this.#rack = this.#rack.map((each) => (each === host ? changed : each));
    return changed;
  }

  refuseToStart(id: string, raw: string): void {
    this.migration(id).refuseToStart(raw);
    this.#announce(id);
  }

  failOnDestination(id: string, raw: string): void {
    this.migration(id).failOnDestination(raw);
    this.#announce(id);
  }

  readonly handlers: Handlers<AppWindow> = {
    'application.describe': async () => ({ version: '0.1.0', user: this.#user, capabilities: [] }),
    'hosts.list': async () => [...this.#rack, ...this.#labHosts()],
    'host.change-mptcp': async ({ hostId, change }) => this.changeMptcp(hostId, change),
    'guests.list': async () => [...this.#guests],
    'migration.preflight': async (request) => this.#preflight(request),
    'migration.start': async (request) => {
      const { ready, checks } = this.#preflight(request);
      return ready ? { kind: 'started', id: this.start(request) } : { kind: 'refused', checks };
    },
    'migration.list': async () => [...this.#migrations.keys()].toReversed().map((id) => this.#row(id)),
    'migration.view': async ({ id }) => this.#view(id),
    'migration.cancel': async ({ id }) => this.#ask(id, (migration) => migration.cancel(this.#user)),
    'migration.change': async ({ id, change }) => this.#ask(id, (migration) => migration.change(this.#user, change)),
    'migration.take-up': async ({ id }) =>
      this.#ask(id, (migration) => {
        this.#abandoned.delete(id);
        migration.attach(this.#user);
      }),
    'migration.path': async ({ id, action, interface: name }) =>
      this.#ask(id, (migration) => migration.changePath(this.#user, action, name)),
    'migration.post-copy': async ({ id }) => this.#ask(id, (migration) => migration.startPostCopy(this.#user)),
    'migration.recover': async ({ id }) => this.#ask(id, () => undefined),
    'migration.go-back': async ({ id }) => this.#ask(id, (migration) => migration.goBack(this.#user)),
    'migration.samples': async ({ id, afterEpochMs = -Infinity, limit }) => {
      const { samples } = this.migration(id);
      const younger = samples.filter(({ atEpochMs }) => atEpochMs > afterEpochMs);
      return { samples: younger.slice(0, limit), more: younger.length > limit };
    },
    'migration.export': async ({ id, format }) => {
      const { entries, samples } = this.migration(id);
      const state = replay(entries.map(({ event }) => event));
      if (!state) throw new TypeError('a fake journal begins with its plan');
      const record = migrationRecord({ entries, samples, phase: phaseOf(state) });
      const write = { json: recordToJson, csv: recordToCsv, log: recordToLog, html: recordToHtml }[format];
      const mediaType = { json: 'application/json', csv: 'text/csv', log: 'text/plain', html: 'text/html' }[format];
      return { kind: 'content', fileName: `switchyard-${id}.${format}`, mediaType, text: write(record) };
    },
    'telemetry.subscribe': async ({ id }, { id: windowId }) => {
      const open = this.#windows.get(windowId);
      if (!open) return {};
      const lane = new TelemetryLane(({ sequence, samples, dropped }) =>
        open.window.emit('telemetry.frame', { id, sequence, samples: [...samples], dropped }),
      );
      open.lane = { id, lane };
      return {};
    },
    'telemetry.unsubscribe': async (_request, { id }) => {
      const open = this.#windows.get(id);
      if (open) open.lane = undefined;
      return {};
    },
    'telemetry.acknowledge': async ({ sequence }, { id }) => {
      this.#windows.get(id)?.lane?.lane.acknowledge(sequence);
      return {};
    },
    'lab.list': async () => this.#labViews(),
    'lab.up': async (options) => this.#labUp(options),
    'lab.link': async ({ name, index, state }) => this.#labLink(name, index, state),
    'lab.verify': async () => ({ proven: true, text: 'The memory is whole: 102400 pages, one step, at page 51877.' }),
    'lab.down': async ({ name }) => {
      this.#labs.delete(name);
      this.#guests = this.#guests.filter(({ hostId }) => !hostId.startsWith(`${name}-`));
      this.#tell('lab.list-changed', { labs: this.#labViews() });
      return { removed: [`${name}-source`, `${name}-destination`] };
    },
  };

  #advanceOne(id: string, migration: FakeMigration): void {
    const [entries, samples] = [migration.entries.length, migration.samples.length];
    migration.advance(100);
    for (const { lane } of this.#windows.values()) {
      if (lane?.id === id) for (const sample of migration.samples.slice(samples)) lane.lane.offer(sample);
    }
    if (migration.ended && migration.plan.guest.hostId === migration.plan.source.id) this.#moveGuest(migration);
    if (migration.entries.length > entries) this.#announce(id);
    else if (this.#nowEpochMs % 500 === 0) this.#tell('migration.list-changed', { rows: [this.#row(id)] });
  }

  #moveGuest({ plan, entries }: FakeMigration): void {
    const arrived = entries.some(({ event }) => event.kind === 'committed');
    const { name } = plan.guest;
    if (arrived) {
      this.#guests = this.#guests.map((guest) =>
        guest.name === name ? { ...guest, hostId: plan.destination.id } : guest,
      );
    }
    for (const lab of this.#labs.values()) if (arrived && lab.guestName === name) lab.guestHost = plan.destination.id;
    if (this.#labs.size > 0) this.#tell('lab.list-changed', { labs: this.#labViews() });
  }

  #intervene(act: (migration: FakeMigration) => void): void {
    for (const [id, migration] of this.#migrations) {
      if (migration.ended) continue;
      act(migration);
      this.#announce(id);
    }
  }

  #ask(id: string, act: (migration: FakeMigration) => void): Record<string, never> {
    act(this.migration(id));
    this.#announce(id);
    return {};
  }

  #announce(id: string): void {
    this.#tell('migration.view-changed', this.#view(id));
    this.#tell('migration.list-changed', { rows: [this.#row(id)] });
  }

  #tell<Name extends EventName>(name: Name, payload: EventPayload<Name>): void {
    for (const { window } of this.#windows.values()) window.emit(name, payload);
  }

  #view(id: string): EventPayload<'migration.view-changed'> {
    const { entries, samples, ended } = this.migration(id);
    const view = viewOf({ entries, samples, managed: !ended && !this.#abandoned.has(id) });
    if (!view) throw new TypeError('a fake journal begins with its plan');
    return view;
  }

  #row(id: string): MigrationRow {
    return rowOf(this.#view(id), this.migration(id).ended ? undefined : this.migration(id).samples.at(-1));
  }

  #planFor({ guest, from, to, toWaiting, settings }: MigrationRequest): Plan {
    const hosts = [...this.#rack, ...this.#labHosts()];
    const [source, destination] = [hosts.find(({ id }) => id === from), hosts.find(({ id }) => id === to)];
    const found = this.#guests.find(({ name, hostId }) => name === guest && hostId === from);
    if (!source || !destination || !found) {
      throw invalidRequest(`There is no guest ${guest} on ${from}.`, 'Choose one of those that are listed.', 'guest');
    }
    const waiting = this.#guests.find(({ name, hostId }) => name === toWaiting && hostId === to);
    this.#started += 1;
    const time = new Date(this.#nowEpochMs).toISOString().replace(/[-:]|\.\d+/g, '');
    return {
      id: `${time}-${(0x7f39 + this.#started).toString(16)}`,
      guest: found,
      guestWasRunning: true,
      source,
      destination,
      settings,
      ...chosenPaths(source, destination, settings.pathChoice),
      preparation: { source: [], destination: [] },
      ...(waiting ? { waiting: { guest: waiting, listens: true } } : {}),
      checks: [],
      user: this.#user,
      versions: {
        switchyard: '0.1.0',
        sourceKernel: source.kernel,
        destinationKernel: destination.kernel,
        sourceQemu: source.qemu?.version ?? '',
        destinationQemu: destination.qemu?.version ?? '',
      },
    };
  }

  #preflight(request: MigrationRequest): PreflightAnswer {
    if (request.probe === 'always') this.#probedAtEpochMs = Date.now();
    const plan = this.#planFor(request);
    const checks = checksOf(plan);
    const refused = checks.some(
      ({ id, severity, passed }) => severity === 'error' && !passed && !request.settings.accepted.includes(id),
    );
    return {
      ready: !refused,
      checks,
      paths: plan.paths.map((path) => this.#probed(path)),
      ...(plan.leftOut ? { leftOut: plan.leftOut } : {}),
      forecast: forecastOf(plan),
      review: reviewOf(plan),
    };
  }

  /** The window counts the age of a result by its own clock. */
  #probed(path: Path): Path {
    const atEpochMs = this.#probedAtEpochMs;
    if (atEpochMs === undefined) return path;
    const rate = path.speedBitsPerSecond === undefined ? {} : { capacityBitsPerSecond: 0.94 * path.speedBitsPerSecond };
    return { ...path, probe: { atEpochMs, reach: 'answered', joined: true, rttMs: 0.21, ...rate, problems: [] } };
  }

  #labHosts(): HostFacts[] {
    return [...this.#labs.values()].flatMap(({ hosts }) => hosts);
  }

  #labViews(): LabView[] {
    return [...this.#labs.values()].map((lab) => lab.view());
  }

  #labUp({ name = 'lab', linkRatesBitsPerSecond = [500e6, 500e6] }: CommandRequest<'lab.up'>): LabView {
    const lab = new FakeLab(name, linkRatesBitsPerSecond);
    this.#labs.set(name, lab);
    this.#guests = [...this.#guests, lab.guest];
    this.#tell('lab.list-changed', { labs: this.#labViews() });
    return lab.view();
  }

  #labLink(name: string, index: number, state: LabView['links'][number]['state']): LabView['links'][number] {
    const link = this.#labs.get(name)?.setLink(index, state);
    if (!link) throw invalidRequest(`The lab ${name} has no link ${index}.`, 'Look at its links.', 'index');
    if (state === 'up') this.restore(link.source.interface);
    else this.cut(link.source.interface);
    this.#tell('lab.list-changed', { labs: this.#labViews() });
    return link;
  }
}

function checksOf({ source, destination, guest, paths, settings }: Plan): Check[] {
  const free = Math.round(destination.memoryAvailableBytes / 2 ** 30);
  const needed = Math.round((guest.memoryBytes ?? 0) / 2 ** 30);
  return [
    {
      id: 'two-hosts',
      severity: source.id === destination.id ? 'error' : 'info',
      passed: source.id !== destination.id,
      text: `From ${source.id} to ${destination.id}.`,
    },
    { id: 'monitor', severity: 'info', passed: true, text: `The monitor of ${guest.name} answers: running.` },
    {
      id: 'paths',
      severity: 'info',
      passed: paths.length > 0,
      text: `${paths.length} paths between ${source.id} and ${destination.id}.`,
    },
    destination.mptcp.usable
      ? { id: 'mptcp-kernel', severity: 'info', passed: true, text: 'Both kernels speak MPTCP.' }
      : {
          id: 'mptcp-kernel',
          severity: settings.mptcp === 'require' ? 'error' : 'warning',
          passed: settings.mptcp === 'off',
          text: `The kernel of ${destination.id} does not speak MPTCP: ${destination.mptcp.reason ?? ''}`,
          remedy: 'Without it the migration uses plain TCP over one path.',
          command: destination.mptcp.remedy ?? '',
        },
    { id: 'mptcp-qemu', severity: 'info', passed: true, text: 'Both QEMUs know the mptcp option.' },
    {
      id: 'mptcp-limits',
      severity: 'info',
      passed: true,
      text: `The limits of both kernels allow ${paths.length} paths.`,
    },
    ...(destination.id === 'hv-07'
      ? [
          {
            id: 'mptcp-announced',
            severity: 'warning' as const,
            passed: false,
            text: 'hv-07 announces 1 of 2 extra addresses.',
            remedy: 'It is announced for this migration, and put back afterwards.',
            command: 'ip mptcp endpoint add 172.16.9.7 dev eth2 signal',
          },
        ]
      : []),
    { id: 'mtu', severity: 'info', passed: true, text: 'MTUs are equal along every path.' },
    { id: 'qemu', severity: 'info', passed: true, text: 'QEMU 9.2.4 on both sides.' },
    free >= needed
      ? {
          id: 'memory',
          severity: 'info',
          passed: true,
          text: `${destination.id} has ${free} GiB available, the guest needs ${needed} GiB.`,
        }
      : {
          id: 'memory',
          severity: 'error',
          passed: false,
          acceptable: true,
          text: `The guest needs ${needed} GiB, ${destination.id} has ${free} GiB available.`,
          remedy: 'Free memory there, or choose another destination.',
        },
  ];
}
