import type { CommandName } from '#contract/channels.ts';
import type { JournalEntry } from '#contract/migration.ts';
import type { ManagerRequest } from '#contract/requests.ts';
import { ok } from '#contract/result.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { HistoryEntry } from '#main/app/application.ts';
import { Desk, type DeskOptions } from '#main/app/desk.ts';
import type { AppWindow, Face } from '#main/app/face.ts';
import type { MigrationWatcher, OpenMigration } from '#main/app/managed.ts';
import type { Ending } from '#main/engine/run.ts';
import { migrationRecord } from '#main/export/record.ts';
import { summaryOf } from '#main/export/testing/summary-of.ts';
import { exampleEvents, exampleId, exampleSamples, journalOf } from '#main/export/testing/example-migration.ts';
import type { StoredMigration } from '#main/storage/stored-migration.ts';

/** A migration whose journal the test writes. */
export class FakeMigration implements OpenMigration {
  readonly id: string;
  readonly managedHere: boolean;
  readonly history: readonly JournalEntry[];
  readonly ended: Promise<Ending>;
  readonly asked: string[] = [];
  readonly #watchers = new Set<MigrationWatcher>();
  readonly #end: (ending: Ending) => void;
  readonly fail: (thrown: unknown) => void;

  constructor(
    history: readonly JournalEntry[],
    { id = exampleId, managedHere = true }: { readonly id?: string; readonly managedHere?: boolean } = {},
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<Ending>();
    this.id = id;
    this.managedHere = managedHere;
    this.history = history;
    this.ended = promise;
    this.#end = resolve;
    this.fail = reject;
  }

  subscribe(watcher: MigrationWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  write(entry: JournalEntry): void {
    for (const watcher of this.#watchers) watcher.onEntry?.(entry);
    if (entry.event.kind === 'ended') this.#end(entry.event);
  }

  sample(sample: Sample): void {
    for (const watcher of this.#watchers) watcher.onSample?.(sample);
  }

  loseJournal(): void {
    const failure = { kind: 'cancelled', text: 'The disk is full.', remedy: 'Make room.' } as const;
    for (const watcher of this.#watchers) watcher.onJournalLost?.(failure);
  }

  ask({ command, by, ...rest }: ManagerRequest) {
    this.asked.push([`${command} by ${by}`, ...Object.values(rest).map((each) => JSON.stringify(each))].join(' '));
    return Promise.resolve(ok(undefined));
  }
  detach(): void {
    this.asked.push('detach');
    this.#end({ kind: 'detached' });
  }
}

/** A window that keeps what it is sent. */
export class FakeWindow implements AppWindow {
  readonly id = 'a window';
  readonly heard: { readonly name: string; readonly payload: unknown }[] = [];
  readonly emit: AppWindow['emit'] = (name, payload) => void this.heard.push({ name, payload });

  of(name: string): unknown[] {
    return this.heard.filter((event) => event.name === name).map(({ payload }) => payload);
  }
}

export type ApplicationPort = DeskOptions['application'];

export interface Stage {
  readonly desk: Desk;
  /** Names of what was asked of the application and of the lab, in order: empty means that nothing happened. */
  readonly acts: string[];
  readonly logged: string[];
  /** Faults of ours, as they were thrown. */
  readonly reported: unknown[];
}

/**
 * A desk over an application that remembers one ended migration, and on which every act is noted. What a test needs
 * otherwise, it overrides.
 */
export function stage(
  overrides: Partial<ApplicationPort> = {},
  faceOverrides: Partial<Face> = {},
  monoMs: () => number = () => performance.now(),
): Stage {
  const acts: string[] = [];
  const logged: string[] = [];
  const reported: unknown[] = [];
  const noting =
    <Args extends unknown[], Value>(name: string, value: (...args: Args) => Value) =>
    (...args: Args): Promise<Value> => {
      acts.push(name);
      return Promise.resolve().then(() => value(...args));
    };
  const application: ApplicationPort = {
    user: 'ada',
    hosts: noting('hosts', () => []),
    changeMptcp: noting('changeMptcp', () => plannedExample().source),
    guests: noting('guests', () => []),
    foretell: noting('foretell', () => ({
      ready: true,
      checks: [],
      paths: [],
      forecast: { chosen: { text: 'soon' }, onePath: { text: 'later' } },
      review: [],
    })),
    start: noting('start', () => ({
      kind: 'started' as const,
      plan: plannedExample(),
      migration: new FakeMigration([]),
    })),
    open: noting('open', () => undefined),
    takeUpTo: noting('takeUpTo', () => undefined),
    history: noting('history', () => [endedRow()]),
    record: noting('record', exampleRecord),
    samples: noting('samples', () => ({ samples: exampleSamples, more: false })),
    stored: noting('stored', storedExample),
    isManaged: () => false,
    report: (thrown) => `i-${reported.push(thrown)}`,
    ...overrides,
  };
  const face: Face = {
    capabilities: [],
    log: (line) => logged.push(line),
    lab: {
      list: noting('lab.list', () => []),
      up: noting('lab.up', () => ({ name: 'lab', hosts: [], links: [] })),
      link: noting('lab.link', () => exampleLink),
      verify: noting('lab.verify', () => ({ proven: true, text: 'proven' })),
      down: noting('lab.down', () => ({ removed: [] })),
    },
    ...faceOverrides,
  };
  return { desk: new Desk({ application, version: '0.1.0', face, monoMs }), acts, logged, reported };
}

const exampleLink = {
  index: 1,
  rateBitsPerSecond: 500e6,
  state: 'up' as const,
  source: { interface: 'eth1', address: '10.0.1.1' },
  destination: { interface: 'eth1', address: '10.0.1.2' },
};

function plannedExample() {
  const [first] = exampleEvents;
  if (first?.kind !== 'planned') throw new TypeError('the example begins with its plan');
  return first.plan;
}

export function storedExample(): StoredMigration {
  return {
    id: exampleId,
    entries: journalOf(...exampleEvents),
    foreign: [],
    damage: undefined,
    samples: exampleSamples,
  };
}

export function exampleRecord() {
  const { entries, samples } = storedExample();
  return migrationRecord({ entries, samples, phase: { name: 'ended', guest: 'destination' } });
}

export function endedRow(): HistoryEntry {
  return { id: exampleId, open: false, managed: false, problem: undefined, summary: summaryOf(exampleRecord()) };
}

/** A request of each command that is answered with a value on this stage. */
export const goodRequests: { readonly [Name in CommandName]: unknown } = {
  'application.describe': {},
  'hosts.list': {},
  'host.change-mptcp': {
    hostId: 'local',
    change: { kind: 'set-limits', limits: { subflows: 2, addAddrAccepted: 2 } },
  },
  'guests.list': {},
  'migration.preflight': exampleRequest(),
  'migration.start': exampleRequest(),
  'migration.list': {},
  'migration.view': { id: exampleId },
  'migration.cancel': { id: exampleId },
  'migration.change': { id: exampleId, change: { downtimeLimitMs: 300 } },
  'migration.path': { id: exampleId, action: 'backup', interface: 'eth1' },
  'migration.post-copy': { id: exampleId },
  'migration.recover': { id: exampleId },
  'migration.go-back': { id: exampleId },
  'migration.take-up': { id: exampleId },
  'migration.samples': { id: exampleId, limit: 100 },
  'migration.export': { id: exampleId, format: 'log' },
  'telemetry.subscribe': { id: exampleId },
  'telemetry.unsubscribe': {},
  'telemetry.acknowledge': { sequence: 1 },
  'lab.list': {},
  'lab.up': {},
  'lab.link': { name: 'lab', index: 1, state: 'down' },
  'lab.verify': { name: 'lab' },
  'lab.down': { name: 'lab' },
};

function exampleRequest(): unknown {
  const { guest, source, destination, settings } = plannedExample();
  return { guest: guest.name, from: source.id, to: destination.id, settings };
}
