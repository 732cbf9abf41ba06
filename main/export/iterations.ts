import type { JournalEvent, JournalEventOf, MigrationRecord } from '#contract/migration.ts';
import type { QemuStatistics } from '#contract/telemetry.ts';

type Iteration = MigrationRecord['iterations'][number];
/** How an iteration stands against those before it. */
export type Verdict = Iteration['verdict'];

/** Within a tenth of the lowest, an iteration neither gains nor loses. */
const borderlineFraction = 0.1;

/**
 * Judged by what an iteration has to send against the least that any before it had to: the remaining memory is a
 * saw-tooth, and its latest value says nothing.
 */
export function verdictOf(remainingBytes: number, lowestBefore: number | undefined): Verdict {
  if (lowestBefore === undefined) return 'first';
  if (remainingBytes < lowestBefore * (1 - borderlineFraction)) return 'converging';
  return remainingBytes <= lowestBefore * (1 + borderlineFraction) ? 'borderline' : 'not-converging';
}

/**
 * One row an iteration. `dirtiedBytes`: what the guest had written during the one before, so what this one has to send
 * (nothing for the first, which sends the whole memory); `sentBytes`: sent while it ran, so far; `remainingBytes`:
 * left at its end, or now.
 */
export function iterationRows(events: readonly JournalEvent[], latest: QemuStatistics | undefined): Iteration[] {
  const begun = firstOfEach(events.filter((event) => event.kind === 'iteration'));
  let lowest: number | undefined;
  return begun.map(({ iteration, remainingBytes, transferredBytes }, index) => {
    const end = begun[index + 1] ?? latest ?? { remainingBytes, transferredBytes };
    const row: Iteration = {
      iteration,
      dirtiedBytes: lowest === undefined ? 0 : remainingBytes,
      sentBytes: Math.max(0, end.transferredBytes - transferredBytes),
      remainingBytes: end.remainingBytes,
      verdict: verdictOf(remainingBytes, lowest),
    };
    lowest = Math.min(remainingBytes, lowest ?? remainingBytes);
    return row;
  });
}

/**
 * A manager that takes a migration up reports the iteration under way once more. The last look at the dirty memory, with
 * the guest stopped, counts as an iteration to QEMU and has nothing left to send when it is seen: it is no row.
 */
function firstOfEach(events: readonly JournalEventOf<'iteration'>[]): JournalEventOf<'iteration'>[] {
  const first = new Map<number, JournalEventOf<'iteration'>>();
  for (const event of events) {
    if (!first.has(event.iteration) && event.remainingBytes > 0) first.set(event.iteration, event);
  }
  return [...first.values()];
}
