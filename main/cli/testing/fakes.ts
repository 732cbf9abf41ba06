import type { JournalEntry, JournalEvent, MigrationRecord, Outcome } from '#contract/migration.ts';
import { ok } from '#contract/result.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { ReportIncident } from '#main/app/incidents.ts';
import type { MigrationWatcher, OpenMigration } from '#main/app/managed.ts';
import type { Clock } from '#main/cli/clock.ts';
import type { Console, Terminal } from '#main/cli/console.ts';
import type { ApplicationPort, LabPort } from '#main/cli/context.ts';
import type { MigrationView } from '#main/cli/drive.ts';
import type { Surroundings } from '#main/cli/run.ts';
import type { SignalName, Signals } from '#main/cli/signals.ts';
import { migrationRecord } from '#main/export/record.ts';
import { exampleEvents, exampleId, exampleSamples, journalOf } from '#main/export/testing/example-migration.ts';

/** Keeps what is printed, a line each as it was given. */
export interface FakeConsole extends Console {
  readonly printed: string[];
  readonly logged: string[];
}

export function fakeConsole(terminals: Partial<Console['terminals']> = {}): FakeConsole {
  const printed: string[] = [];
  const logged: string[] = [];
  return {
    printed,
    logged,
    out: (text) => void printed.push(text),
    log: (text) => void logged.push(text),
    terminals: { out: undefined, log: undefined, ...terminals },
  };
}

export interface FakeTerminal extends Terminal {
  columns: number;
  rows: number;
  busy: boolean;
  readonly written: string[];
  readonly cursor: ('shown' | 'hidden')[];
}

export function fakeTerminal(columns = 80, rows = 24): FakeTerminal {
  const written: string[] = [];
  const cursor: ('shown' | 'hidden')[] = [];
  return {
    columns,
    rows,
    busy: false,
    colours: false,
    unicode: true,
    written,
    cursor,
    write: (text) => void written.push(text),
    showCursor: (shown) => void cursor.push(shown ? 'shown' : 'hidden'),
  };
}

export interface FakeSignals extends Signals {
  /** Delivers it; answers whether it had a listener, else it would have done what it does by default. */
  send(signal: SignalName): boolean;
  /** Who is still listened for. */
  readonly awaited: () => readonly SignalName[];
}

export function fakeSignals(): FakeSignals {
  const listeners = new Set<{ readonly signal: SignalName; readonly listener: () => void }>();
  return {
    on: (signal, listener) => {
      const entry = { signal, listener };
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    send: (signal) => {
      const heard = [...listeners].filter((entry) => entry.signal === signal);
      for (const { listener } of heard) listener();
      return heard.length > 0;
    },
    awaited: () => [...listeners].map(({ signal }) => signal),
  };
}

export interface FakeClock extends Clock {
  epoch: number;
  /** As if the interval had passed once for every task that waits for one. */
  tick(): void;
  readonly slept: number[];
}

export function fakeClock(epoch = Date.UTC(2026, 10, 22, 12, 3, 0)): FakeClock {
  const ticks = new Set<() => void>();
  const clock: FakeClock = {
    epoch,
    slept: [],
    epochMs: () => clock.epoch,
    sleep: async (ms) => void clock.slept.push(ms),
    every: (_ms, tick) => {
      ticks.add(tick);
      return () => ticks.delete(tick);
    },
    tick: () => {
      for (const tick of ticks) tick();
    },
  };
  return clock;
}

/** A migration that a test drives by hand. */
export interface FakeMigration extends OpenMigration {
  readonly asked: string[];
  tell(...entries: readonly JournalEntry[]): void;
  sample(sample: Sample): void;
  end(outcome: Outcome): void;
  /** Its manager, another process, hangs up. */
  orphan(): void;
  fail(thrown: unknown): void;
}

export function fakeMigration({
  id = exampleId,
  managedHere = true,
  history = journalOf(...exampleEvents.slice(0, 5)),
}: {
  readonly id?: string;
  readonly managedHere?: boolean;
  readonly history?: readonly JournalEntry[];
} = {}): FakeMigration {
  const watchers = new Set<MigrationWatcher>();
  const asked: string[] = [];
  const { promise: ended, resolve, reject } = Promise.withResolvers<Awaited<OpenMigration['ended']>>();
  return {
    id,
    managedHere,
    history,
    asked,
    ended,
    subscribe: (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    ask: async ({ command, by }) => {
      asked.push(`${command} by ${by}`);
      return ok(undefined);
    },
    detach: () => {
      asked.push('detach');
      resolve({ kind: 'detached' });
    },
    tell: (...entries) => {
      for (const entry of entries) for (const watcher of watchers) watcher.onEntry?.(entry);
    },
    sample: (sample) => {
      for (const watcher of watchers) watcher.onSample?.(sample);
    },
    end: (outcome) => resolve({ kind: 'ended', outcome, guest: 'unknown' }),
    orphan: () => resolve({ kind: 'detached' }),
    fail: reject,
  };
}

/** Keeps the kinds of what it was shown, and what was said. */
export interface FakeView extends MigrationView {
  readonly shown: string[];
}

export function fakeView(): FakeView {
  const shown: string[] = [];
  return {
    shown,
    entry: ({ sequence, event }) => void shown.push(`${sequence} ${event.kind}`),
    sample: () => void shown.push('sample'),
    say: (text) => void shown.push(text),
    close: () => void shown.push('closed'),
  };
}

export function exampleRecord(...events: readonly JournalEvent[]): MigrationRecord {
  return migrationRecord({
    entries: journalOf(...(events.length > 0 ? events : exampleEvents)),
    samples: exampleSamples,
    phase: { name: 'ended', guest: 'destination' },
  });
}

/** Numbers incidents, and keeps them. */
export function fakeIncidents() {
  const reported: { readonly thrown: unknown; readonly migration?: string }[] = [];
  const report: ReportIncident = (thrown, context = {}) => `i-${reported.push({ thrown, ...context })}`;
  return { reported, incidents: () => Promise.resolve(report) };
}

export interface FakeSurroundings extends Surroundings {
  readonly console: FakeConsole;
  readonly signals: FakeSignals;
  readonly clock: FakeClock;
  /** Whether the command wanted labs, and made a place for them. */
  readonly entered: { make: boolean }[];
}

export function fakeSurroundings({
  application = {},
  lab = {},
  terminals = {},
  elsewhere,
}: {
  readonly application?: Partial<ApplicationPort>;
  readonly lab?: Partial<LabPort>;
  readonly terminals?: Partial<Console['terminals']>;
  /** The exit code of the same command in another place. */
  readonly elsewhere?: number;
} = {}): FakeSurroundings {
  const entered: { make: boolean }[] = [];
  return {
    version: '0.1.0',
    console: fakeConsole(terminals),
    signals: fakeSignals(),
    clock: fakeClock(),
    incidents: fakeIncidents().incidents,
    openTraces: () => Promise.resolve(),
    entered,
    application: async () => port('application', { user: 'ada', ...application }),
    lab: async () => port('lab', lab),
    enterLabs: async (options) => {
      entered.push({ ...options });
      return elsewhere;
    },
  };
}

/** A port that has what a test brings, and refuses everything else by name. */
function port<Port extends object>(name: string, brought: Partial<Port>): Port {
  const get = (target: object, member: string | symbol): unknown => {
    // `await` looks for `then`.
    if (member in target || member === 'then') return Reflect.get(target, member);
    throw new Error(`${name}.${String(member)} was not expected`);
  };
  const guarded: Partial<Port> = new Proxy(brought, { get });
  if (!isWhole(guarded)) throw new TypeError('unreachable');
  return guarded;
}

/** Whole as long as only what was brought is used: what is missing throws. */
function isWhole<Port extends object>(_port: Partial<Port>): _port is Port {
  return true;
}
