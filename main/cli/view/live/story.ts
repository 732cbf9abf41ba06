import type { JournalEntry, JournalEvent, Path } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import { phaseFollower, type Phase } from '#main/app/phases.ts';
import { narrator } from '#main/export/narrator.ts';
import { plainName } from '#contract/plain-text.ts';

export interface ToldEvent {
  readonly atEpochMs: number;
  readonly text: string;
}

/** What a live view shows of a migration at one moment. */
export interface Scene {
  readonly guest: string;
  readonly source: string;
  readonly destination: string;
  readonly startedAtEpochMs: number;
  readonly paths: readonly Path[];
  readonly phase: Phase;
  /** Of the last seconds, newest last: enough for a mean that does not jump. */
  readonly samples: readonly Sample[];
  /** The last ones, newest last. */
  readonly events: readonly ToldEvent[];
}

const keptSamplesMs: Milliseconds = 3000;
const keptEvents = 20;
/** They are in the record; on a live view their results are enough. */
const behindTheScenes: ReadonlySet<JournalEvent['kind']> = new Set(['intended', 'observed', 'output-kept']);

/** Gathers journal entries and samples into what is worth looking at now. */
export class Story {
  readonly #tell = narrator();
  readonly #follow = phaseFollower();
  #phase: Phase | undefined;
  #about: Pick<Scene, 'guest' | 'source' | 'destination' | 'startedAtEpochMs' | 'paths'> | undefined;
  #samples: readonly Sample[] = [];
  #events: readonly ToldEvent[] = [];

  entry({ atEpochMs, event }: JournalEntry): void {
    this.#phase = this.#follow(event);
    if (event.kind === 'planned') {
      const { guest, source, destination, paths } = event.plan;
      const [name, from, to] = [guest.name, source.id, destination.id].map((each) => plainName(each));
      this.#about = {
        guest: name ?? '',
        source: from ?? '',
        destination: to ?? '',
        startedAtEpochMs: atEpochMs,
        paths,
      };
    }
    // A manager that takes over samples on a clock of its own.
    if (event.kind === 'attached') this.#samples = [];
    const text = this.#tell(event);
    if (!behindTheScenes.has(event.kind)) this.#events = [...this.#events, { atEpochMs, text }].slice(-keptEvents);
  }

  sample(sample: Sample): void {
    const oldest = sample.atMonoMs - keptSamplesMs;
    this.#samples = [...this.#samples.filter(({ atMonoMs }) => atMonoMs >= oldest), sample];
  }

  /** Nothing before the plan has been shown. */
  get scene(): Scene | undefined {
    if (!this.#about || !this.#phase) return undefined;
    return { ...this.#about, phase: this.#phase, samples: this.#samples, events: this.#events };
  }
}
