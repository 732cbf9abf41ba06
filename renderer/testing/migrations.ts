import type { MigrationRow, MigrationView } from '#contract/channels.ts';
import { defaultSettings } from '#contract/default-settings.ts';

/** Records, rows and views of an ordinary migration, for tests that care about a few of their members. */

type Summary = NonNullable<MigrationRow['summary']>;
type Record = MigrationView['record'];

export function summary(changes: Partial<Summary> = {}): Summary {
  return {
    schema: 'switchyard.migration/1',
    id: '20261122T120250Z-7f3a',
    guest: 'db-primary',
    source: 'hv-03',
    destination: 'hv-07',
    startedAtEpochMs: Date.UTC(2026, 10, 22, 12, 2, 50),
    user: 'ada',
    guestState: 'source',
    phase: 'copying',
    settings: defaultSettings,
    transport: { requested: 'prefer', negotiated: 'mptcp', fallback: false },
    paths: [],
    subflows: [],
    totals: { durationMs: 0, transferredBytes: 0, goodputBitsPerSecond: 0, iterations: 0, retransmits: 0 },
    iterations: [],
    versions: {},
    ...changes,
  };
}

export function record(changes: Partial<Record> = {}): Record {
  return { ...summary(), checks: [], events: [], ...changes };
}

export function row(id: string, changes: Partial<MigrationRow> = {}): MigrationRow {
  return { id, open: false, managed: false, summary: summary({ id }), ...changes };
}

export function view(revision: number, changes: Partial<Record> = {}): MigrationView {
  const possible = { possible: true } as const;
  return {
    revision,
    record: record(changes),
    managed: true,
    limits: defaultSettings,
    controls: {
      cancel: possible,
      change: possible,
      takeUp: possible,
      paths: possible,
      postCopy: possible,
      recover: possible,
      goBack: { possible: false, why: 'It has not been handed over.' },
    },
  };
}
