import type { SwitchyardError } from '#contract/errors.ts';
import type { JournalEntry, JournalEvent } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import { systemError } from './faults.ts';
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
  readonly #clock: VirtualClock;
  readonly #onWritten: () => void;
  #isFullFor: (event: JournalEvent) => boolean = () => false;
  /** What was to be written, and is not. */
  readonly #refused = new Set<JournalEvent['kind']>();

  constructor(clock: VirtualClock, onWritten: () => void) {
    this.#clock = clock;
    this.#onWritten = onWritten;
  }

  get events(): JournalEvent[] {
    return this.entries.map(({ event }) => event);
  }

  /** From here on it takes nothing more. */
  breaks(): void {
    this.fillsUp(() => true);
  }

  /** It has no room for these entries, and for others it has. */
  fillsUp(isFullFor: (event: JournalEvent) => boolean): void {
    this.#isFullFor = isFullFor;
  }

  /** There is room again. */
  emptied(): void {
    this.fillsUp(() => false);
  }

  /** The commit is on it, or would be if it could. */
  get committed(): boolean {
    return this.#noted('committed');
  }

  /** So is the proof of the peer. */
  get peerProven(): boolean {
    return this.#noted('peer-proven');
  }

  /** Only then `cont` may be sent there. */
  get mayStartDestination(): boolean {
    return this.committed || this.#noted('post-copy-entered');
  }

  #noted(kind: JournalEvent['kind']): boolean {
    return this.#refused.has(kind) || this.entries.some(({ event }) => event.kind === kind);
  }

  /** What was to be written is not. */
  refuse(event: JournalEvent): SwitchyardError {
    this.#refused.add(event.kind);
    return systemError('write');
  }

  write(event: JournalEvent): JournalEntry {
    if (this.#isFullFor(event)) throw this.refuse(event);
    const sequence = this.entries.length;
    const entry = { sequence, atMonoMs: this.#clock.monoMs(), atEpochMs: this.#clock.epochMs(), event };
    const death = this.death?.atEntry === sequence ? this.death : undefined;
    if (death) this.death = undefined;
    if (death?.moment === 'before') death.kill();
    else this.entries.push(structuredClone(entry));
    if (death?.moment === 'after') death.kill();
    this.#onWritten();
    return entry;
  }
}
