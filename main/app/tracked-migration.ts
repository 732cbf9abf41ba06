import type { MigrationRow, MigrationView } from '#contract/channels.ts';
import type { JournalEntry } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import { redactText } from '#main/redaction/redact.ts';
import type { OpenMigration } from './managed.ts';
import { rowOf, viewOf } from './view.ts';

/** Five seconds at the usual ten a second: what the medians of a view that moves are taken from. */
const mostRecent = 50;

export interface TrackedListener {
  /** Something that a view shows is different now. */
  changed(): void;
  sampled(sample: Sample): void;
}

/** A migration that a process manages, kept in step with its journal, for windows that look at it. */
export class TrackedMigration {
  readonly open: OpenMigration;
  readonly #entries: JournalEntry[];
  readonly #unsubscribe: () => void;
  #recent: Sample[] = [];
  #problem: string | undefined;

  /** Listens at once: what comes between the opening of a migration and this call is lost. */
  constructor(open: OpenMigration, listener: TrackedListener) {
    this.open = open;
    this.#entries = [...open.history];
    this.#unsubscribe = open.subscribe({
      onEntry: (entry) => {
        this.#entries.push(entry);
        listener.changed();
      },
      onSample: (sample) => {
        this.#recent = [...this.#recent, sample].slice(-mostRecent);
        listener.sampled(sample);
      },
      onJournalLost: (failure) => {
        this.#problem = redactText(
          `${failure.text} The migration continues; what follows is not on disk. ${failure.remedy}`,
        );
        listener.changed();
      },
    });
  }

  get id(): string {
    return this.open.id;
  }

  /** Samples from before it was tracked, so that a view has its totals also when no more come. */
  remember(earlier: readonly Sample[]): void {
    const first = this.#recent[0]?.atEpochMs ?? Infinity;
    this.#recent = [...earlier.filter((sample) => sample.atEpochMs < first), ...this.#recent].slice(-mostRecent);
  }

  view(): MigrationView | undefined {
    return viewOf({ entries: this.#entries, samples: this.#recent, managed: true, problem: this.#problem });
  }

  row(): MigrationRow | undefined {
    const view = this.view();
    return view && rowOf(view, this.#recent.at(-1));
  }

  forget(): void {
    this.#unsubscribe();
  }
}
