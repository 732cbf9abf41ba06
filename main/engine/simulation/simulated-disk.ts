import type { JournalEntry, JournalEvent } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** When a manager is to die: just before this entry reaches the disk, or just after. */
export interface Death {
  readonly atEntry: number;
  readonly moment: 'before' | 'after';
  readonly kill: () => void;
}

/** What of one migration is on disk: it outlives every manager. */
export class SimulatedDisk {
  readonly entries: JournalEntry[] = [];
  readonly samples: Sample[] = [];
  death: Death | undefined;
  /** It has refused to take the commit: the engine may go on without. */
  refusedCommit = false;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get events(): JournalEvent[] {
    return this.entries.map(({ event }) => event);
  }

  get committed(): boolean {
    return this.refusedCommit || this.entries.some(({ event }) => event.kind === 'committed');
  }

  write(event: JournalEvent): JournalEntry {
    const sequence = this.entries.length;
    const entry = { sequence, atMonoMs: this.#clock.monoMs(), atEpochMs: this.#clock.epochMs(), event };
    const death = this.death?.atEntry === sequence ? this.death : undefined;
    if (death) this.death = undefined;
    if (death?.moment === 'before') death.kill();
    else this.entries.push(structuredClone(entry));
    if (death?.moment === 'after') death.kill();
    return entry;
  }
}
