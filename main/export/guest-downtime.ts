import type { JournalEntry, JournalEvent } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import { elapsedBetween } from './elapsed.ts';

/**
 * How long the guest stood still because of its migration, by the clock of its manager: from each stop on the
 * source until either side was seen running. A stop before QEMU was asked to migrate is the operator's own. `undefined`
 * where the guest was paused before, never stopped, or does not run at the last entry: the time is not known then.
 */
export function guestDowntimeMs(entries: readonly JournalEntry[]): Milliseconds | undefined {
  const first = entries[0]?.event;
  if (first?.kind !== 'planned' || !first.plan.guestWasRunning) return undefined;
  let isMigrating = false;
  let stopped: Milliseconds | undefined;
  let total: Milliseconds | undefined;
  entries.forEach((entry, index) => {
    const before = entries[index - 1];
    if (before && stopped !== undefined) stopped += elapsedBetween(before, entry);
    isMigrating ||= entry.event.kind === 'intended' && entry.event.step === 'migrate';
    const shown = runShownBy(entry.event);
    if (shown === 'running' && stopped !== undefined) {
      total = (total ?? 0) + stopped;
      stopped = undefined;
    }
    if (shown === 'stopped-on-source' && isMigrating) stopped ??= 0;
  });
  return stopped === undefined && total !== undefined ? Math.round(total) : undefined;
}

/** The events come at once; where they were missed, the next answer shows the same a little later. */
function runShownBy(event: JournalEvent): 'running' | 'stopped-on-source' | undefined {
  switch (event.kind) {
    case 'run-changed':
      if (event.run === 'running') return 'running';
      return event.side === 'source' ? 'stopped-on-source' : undefined;
    case 'observed': {
      const { side, observation } = event;
      if (observation.kind !== 'answering') return undefined;
      if (observation.run === 'running') return 'running';
      return side === 'source' ? 'stopped-on-source' : undefined;
    }
    default:
      return undefined;
  }
}
