import type { JournalEntry } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';

/**
 * Time between two neighbouring entries of a journal. Monotonic within one manager's life, whatever is done to the wall
 * clock meanwhile; between two managers, whose monotonic clocks share no origin, by the wall clock.
 */
export function elapsedBetween(before: JournalEntry, entry: JournalEntry): Milliseconds {
  const taken = entry.event.kind === 'attached' ? entry.atEpochMs - before.atEpochMs : entry.atMonoMs - before.atMonoMs;
  return Math.max(0, taken);
}

/** From the first of these entries to the last. */
export function elapsedMs(entries: readonly JournalEntry[]): Milliseconds {
  return entries.reduce((sum, entry, index) => {
    const before = entries[index - 1];
    return before ? sum + elapsedBetween(before, entry) : 0;
  }, 0);
}
