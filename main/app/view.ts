import type { MigrationRow, MigrationView } from '#contract/channels.ts';
import type { JournalEntry, MigrationSettings } from '#contract/migration.ts';
import { visibleData } from '#contract/plain-text.ts';
import type { Sample } from '#contract/telemetry.ts';
import { phaseOf, replay } from '#main/engine/state.ts';
import { migrationRecord } from '#main/export/record.ts';
import { controlsOf } from './controls.ts';

/** What is known of one migration, from wherever it was read. */
export interface KnownMigration {
  readonly entries: readonly JournalEntry[];
  /** All of them, or the last: those hold the totals. */
  readonly samples: readonly Sample[];
  readonly managed: boolean;
  readonly problem?: string | undefined;
}

/**
 * The record without its samples, and what can be done. `undefined` for a journal that ends before its plan.
 *
 * The revision is the same in every process and after every restart, since windows outlive both: it grows with the
 * journal, and with what happens between two entries, which is that its manager lets go of it.
 */
export function viewOf({ entries, samples, managed, problem }: KnownMigration): MigrationView | undefined {
  const state = replay(entries.map(({ event }) => event));
  if (!state) return undefined;
  const { samples: _samples, ...told } = migrationRecord({ entries, samples, phase: phaseOf(state) });
  // What is only shown is made visible here; interfaces are also asked for by their names.
  const record = { ...visibleData(told), paths: told.paths, subflows: told.subflows };
  return {
    revision: 2 * entries.length + (managed ? 0 : 1),
    record,
    managed,
    ...(problem === undefined ? {} : { problem }),
    limits: limitsOf(record.settings, entries),
    controls: controlsOf(state, managed),
  };
}

function limitsOf(settings: MigrationSettings, entries: readonly JournalEntry[]): MigrationView['limits'] {
  const changes = entries.flatMap(({ event }) => (event.kind === 'settings-changed' ? event : []));
  const last = (name: keyof MigrationView['limits']): number =>
    changes.findLast((change) => change[name] !== undefined)?.[name] ?? settings[name];
  return {
    downtimeLimitMs: last('downtimeLimitMs'),
    bandwidthBitsPerSecond: last('bandwidthBitsPerSecond'),
  };
}

/** The line in the table for a migration whose view is at hand. */
export function rowOf({ record, managed, problem }: MigrationView, latest: Sample | undefined): MigrationRow {
  const { events: _events, checks: _checks, harmless: _harmless, ...summary } = record;
  return {
    id: record.id,
    open: record.outcome === undefined,
    managed,
    ...(problem === undefined ? {} : { problem }),
    summary,
    ...(latest === undefined ? {} : { latest }),
  };
}
