import type {
  GuestPlace,
  JournalEntry,
  JournalEventOf,
  MigrationRecord,
  MissingPaths,
  MptcpPolicy,
  Path,
  Plan,
} from '#contract/migration.ts';
import { speedOfPaths } from '#contract/path-speed.ts';
import type { QemuStatistics, Sample } from '#contract/telemetry.ts';
import { ratio, sum } from './arithmetic.ts';
import { elapsedMs } from './elapsed.ts';
import { guestDowntimeMs } from './guest-downtime.ts';
import { iterationRows } from './iterations.ts';
import { narrator } from './narrator.ts';
import { createRedactor, type Redactor } from '#main/redaction/redact.ts';
import { lastKnown, reconciliation, subflowTotals } from './subflows.ts';

/**
 * What a migration has left: its journal, its samples, and where the engine's fold of that journal says it stands.
 */
export interface RecordSource {
  readonly entries: readonly JournalEntry[];
  readonly samples: readonly Sample[];
  readonly phase: { readonly name: string; readonly guest: GuestPlace };
  /** Why samples are missing; becomes the last event. */
  readonly samplesProblem?: string;
  /** Entries of another version: reported as such. */
  readonly foreign?: readonly { readonly sequence: number; readonly atEpochMs: number; readonly raw: unknown }[];
}

/**
 * The record of a migration, open or ended, without secrets. Throws where the journal does not begin with its plan.
 */
export function migrationRecord(source: RecordSource): MigrationRecord {
  const { checks } = planOf(source.entries);
  const redactor = redactorFor(source);
  const told = { ...summaryFrom(source), checks, ...harmlessIn(source.entries), events: narrated(source) };
  return { ...redactor.redact(told), samples: [...source.samples] };
}

/** Everything of a record that a table of many migrations can show. */
export type MigrationSummary = Omit<MigrationRecord, 'samples' | 'events' | 'checks' | 'harmless'>;

/** The same as of its record, for a fraction of the work: no event is put into words. Throws as `migrationRecord`. */
export function migrationSummary(source: RecordSource): MigrationSummary {
  return redactorFor(source).redact(summaryFrom(source));
}

function redactorFor({ entries }: RecordSource): Redactor {
  const redactor = createRedactor();
  redactor.learn(planOf(entries).guest.argv);
  return redactor;
}

function summaryFrom({ entries, samples, phase }: RecordSource): MigrationSummary {
  const plan = planOf(entries);
  const allSamples = [...samples, ...finalSamples(entries)];
  const known = lastKnown(allSamples);
  const qemu = allSamples.findLast((sample) => sample.qemu)?.qemu;
  const events = entries.map(({ event }) => event);
  const ended = endOf(entries);
  const subflows = subflowTotals(allSamples, known);
  const reconciled = reconciliation(known, qemu?.transferredBytes ?? 0);

  return {
    schema: 'switchyard.migration/1',
    id: plan.id,
    guest: plan.guest.name,
    source: plan.source.id,
    destination: plan.destination.id,
    startedAtEpochMs: entries[0]?.atEpochMs ?? 0,
    ...(ended ? { endedAtEpochMs: ended.atEpochMs, outcome: ended.event.outcome } : {}),
    user: plan.user,
    ...(ended?.event.explanation ? { explanation: ended.event.explanation } : {}),
    guestState: phase.guest,
    phase: phase.name.replaceAll('-', ' '),
    settings: plan.settings,
    transport: transport(plan.settings.mptcp, entries),
    paths: plan.paths,
    subflows,
    totals: totals(
      entries,
      plan.paths,
      qemu,
      sum(subflows, ({ retransmits }) => retransmits),
    ),
    ...(reconciled ? { reconciliation: reconciled } : {}),
    iterations: iterationRows(events, qemu),
    versions: plan.versions,
  };
}

function harmlessIn(entries: readonly JournalEntry[]): Pick<MigrationRecord, 'harmless'> {
  const compared = entries.findLast(({ event }) => event.kind === 'done' && event.step === 'compare-twin')?.event;
  return compared?.kind === 'done' && compared.harmless ? { harmless: compared.harmless } : {};
}

function planOf(entries: readonly JournalEntry[]): Plan {
  const event = entries[0]?.event;
  if (event?.kind !== 'planned') throw new TypeError('a journal begins with its plan');
  return event.plan;
}

interface End {
  readonly atEpochMs: number;
  readonly event: JournalEventOf<'ended'>;
}

/** An end that leaves something to the operator can be taken up again: it is none any more. */
function endOf(entries: readonly JournalEntry[]): End | undefined {
  const last = entries.findLast(({ event }) => event.kind === 'ended' || event.kind === 'attached');
  return last?.event.kind === 'ended' ? { atEpochMs: last.atEpochMs, event: last.event } : undefined;
}

function finalSamples(entries: readonly JournalEntry[]): Sample[] {
  return entries.flatMap(({ event }) => (event.kind === 'final-statistics' ? event.sample : []));
}

function transport(requested: MptcpPolicy, entries: readonly JournalEntry[]): MigrationRecord['transport'] {
  const negotiated = entries.findLast(({ event }) => event.kind === 'negotiated')?.event;
  if (negotiated?.kind !== 'negotiated') return { requested, fallback: false };
  const { protocol, text, command } = negotiated;
  const missing = missingPaths(entries);
  return {
    requested,
    negotiated: protocol,
    fallback: requested !== 'off' && protocol === 'tcp',
    text,
    ...(command === undefined ? {} : { command }),
    ...(missing ? { missing } : {}),
  };
}

/** What was reported last, unless a subflow has been made on each of those paths since. */
function missingPaths(entries: readonly JournalEntry[]): MissingPaths | undefined {
  const at = entries.findLastIndex(({ event }) => event.kind === 'path-missing');
  const told = entries[at]?.event;
  if (told?.kind !== 'path-missing') return undefined;
  const made = entries
    .slice(at)
    .flatMap(({ event }) =>
      event.kind === 'subflow-established' || event.kind === 'subflow-back' ? (event.interface ?? []) : [],
    );
  const interfaces = told.interfaces.filter((name) => !made.includes(name));
  return interfaces.length === 0 ? undefined : { interfaces, reasons: told.reasons };
}

function totals(
  entries: readonly JournalEntry[],
  paths: readonly Path[],
  qemu: QemuStatistics | undefined,
  retransmits: number,
): MigrationRecord['totals'] {
  const told = entries.flatMap(({ event }) => (event.kind === 'iteration' ? event : []));
  const transferredBytes = qemu?.transferredBytes ?? told.at(-1)?.transferredBytes ?? 0;
  const goodputBitsPerSecond = Math.round(ratio(transferredBytes * 8 * 1000, afterSetupMs(entries, qemu)));
  const capacityBitsPerSecond = speedOfPaths(paths);
  const stoodStillMs = guestDowntimeMs(entries);
  return {
    durationMs: Math.round(elapsedMs(entries)),
    ...(qemu?.setupTimeMs === undefined ? {} : { setupTimeMs: qemu.setupTimeMs }),
    ...(stoodStillMs === undefined ? {} : { guestDowntimeMs: stoodStillMs }),
    ...(qemu?.downtimeMs === undefined ? {} : { downtimeMs: qemu.downtimeMs }),
    ...(qemu?.totalTimeMs === undefined ? {} : { totalTimeMs: qemu.totalTimeMs }),
    transferredBytes,
    goodputBitsPerSecond,
    ...(capacityBitsPerSecond === undefined
      ? {}
      : { capacityBitsPerSecond, efficiencyFraction: ratio(goodputBitsPerSecond, capacityBitsPerSecond) }),
    iterations: told.reduce((most, { iteration }) => Math.max(most, iteration), qemu?.iteration ?? 0),
    retransmits,
  };
}

/** QEMU's total time includes its setup; without QEMU's figures, the time since it was asked to migrate. */
function afterSetupMs(entries: readonly JournalEntry[], qemu: QemuStatistics | undefined): number {
  if (qemu?.totalTimeMs !== undefined) return qemu.totalTimeMs - (qemu.setupTimeMs ?? 0);
  const begun = entries.findIndex(({ event }) => event.kind === 'done' && event.step === 'migrate');
  return begun === -1 ? 0 : elapsedMs(entries.slice(begun));
}

function narrated({ entries, foreign = [], samplesProblem }: RecordSource): MigrationRecord['events'] {
  const tell = narrator();
  const own = entries.map(({ sequence, atEpochMs, event }) => ({
    sequence,
    atEpochMs,
    kind: event.kind,
    text: tell(event),
  }));
  const others = foreign.map(({ sequence, atEpochMs, raw }) => {
    const kind = kindOf(raw);
    return { sequence, atEpochMs, kind, text: `An event that another version of Switchyard wrote (${kind}).` };
  });
  const all = [...own, ...others].toSorted((one, other) => one.sequence - other.sequence);
  const last = all.at(-1)?.atEpochMs ?? 0;
  const missing =
    samplesProblem === undefined ? [] : [{ atEpochMs: last, kind: 'samples-unreadable', text: samplesProblem }];
  return [...all, ...missing].map(({ atEpochMs, kind, text }) => ({ atEpochMs, kind, text }));
}

function kindOf(raw: unknown): string {
  return typeof raw === 'object' && raw !== null && 'kind' in raw && typeof raw.kind === 'string'
    ? raw.kind
    : 'unknown';
}
