import type { MigrationRow } from '#contract/channels.ts';
import { defaultSettings } from '#contract/migration.ts';

type Summary = NonNullable<MigrationRow['summary']>;

/** One migration that has run for 12 s and is still under way. */
export function exampleRow(
  changes: Partial<Omit<MigrationRow, 'summary'>> & { readonly summary?: Partial<Summary> } = {},
): MigrationRow {
  return {
    id: '20261122T120250Z-7f3a',
    open: true,
    managed: true,
    ...changes,
    summary: { ...summary, ...changes.summary },
  };
}

const summary: Summary = {
  schema: 'switchyard.migration/1',
  id: '20261122T120250Z-7f3a',
  guest: 'web1',
  source: 'host-a',
  destination: 'host-b',
  startedAtEpochMs: Date.UTC(2026, 10, 22, 12, 2, 50),
  user: 'ada',
  guestState: 'source',
  phase: 'copying',
  settings: defaultSettings,
  transport: { requested: 'prefer', negotiated: 'mptcp', fallback: false },
  paths: [],
  subflows: [],
  totals: { durationMs: 12_000, transferredBytes: 0, goodputBitsPerSecond: 0, iterations: 1, retransmits: 0 },
  iterations: [],
  versions: {},
};
