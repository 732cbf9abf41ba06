import type { MigrationRow } from '#contract/channels.ts';

/** What has changed between a list of migrations and the one before. */
export interface Changes {
  /** A process manages them now. */
  readonly running: readonly MigrationRow[];
  /** Were under way in the list before, and have come to an end since. */
  readonly ended: readonly MigrationRow[];
}

/** The first list has no list before it: what ended before is history, not news. */
export function changesBetween(before: readonly MigrationRow[], after: readonly MigrationRow[]): Changes {
  const wasOpen = new Set(before.filter((row) => row.open).map((row) => row.id));
  return {
    running: after.filter((row) => row.open && row.managed),
    ended: after.filter((row) => !row.open && wasOpen.has(row.id)),
  };
}
