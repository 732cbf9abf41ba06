import type { Failure, ReportFault } from '#contract/errors.ts';
import type { JournalEventOf } from '#contract/migration.ts';
import type { ManagerRequest } from '#contract/requests.ts';
import { failed, type Result } from '#contract/result.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { Clock } from '#main/engine/ports.ts';
import type { Ending, MigrationRun, RunListener } from '#main/engine/run.ts';
import { isFinal } from '#main/engine/state.ts';
import { caredFor } from './escaped.ts';

/** One life of a migration's run, as far as this file is concerned. */
export type Life = Pick<MigrationRun, 'ask' | 'detach' | 'fail' | 'run' | 'subscribe'>;

/** A fault of ours that has ended one life. */
export interface RunFault {
  readonly incidentId: string;
  /** When it is taken up again; `undefined` when that has been tried often enough. */
  readonly againInMs: Milliseconds | undefined;
}

export interface PersistentRunOptions {
  readonly id: string;
  readonly first: Life;
  /** Takes the migration up again from its journal; `undefined` when nothing is left to do. */
  readonly attachAgain: () => Promise<Life | undefined>;
  readonly report: ReportFault;
  readonly clock: Clock;
}

export interface PersistentListener extends RunListener {
  onFault?(fault: RunFault): void;
}

/**
 * Pauses before each attempt to take it up again. The first is short, because the guest may stand still meanwhile: only a
 * manager makes it run on the destination. The last are long, for what passes by itself.
 */
export const pausesMs = [50, 250, 1000, 4000, 15_000] as const satisfies readonly Milliseconds[];
/** A life that lasted this long has nothing to do with the fault before it: all attempts are there again. */
const forgottenAfterMs: Milliseconds = 60_000;

/**
 * A migration that outlives the faults of our own code. A fault ends a run with nothing half done that the journal does
 * not show, exactly as the death of the process would; so it is taken up again as another process would, by this one.
 * Whether anything may be done then is decided by the engine, from what both QEMUs say.
 */
export class PersistentRun {
  readonly #options: PersistentRunOptions;
  readonly #listeners = new Set<PersistentListener>();
  readonly #letGo = new AbortController();
  #life: Life | undefined;
  #ended: JournalEventOf<'ended'> | undefined;

  constructor(options: PersistentRunOptions) {
    this.#options = options;
    this.#begin(options.first);
  }

  get report(): ReportFault {
    return this.#options.report;
  }

  /** Drives until the migration has ended or `detach`. Rejects with the last fault, once every attempt has failed. */
  async drive(): Promise<Ending> {
    const { report, clock } = this.#options;
    for (let failures = 0; ; failures += 1) {
      const beganAtMonoMs = clock.monoMs();
      try {
        return await this.#live();
      } catch (thrown) {
        this.#life = undefined;
        const incidentId = report(thrown);
        if (this.#ended && isFinal(this.#ended.outcome)) return this.#ended;
        if (this.#letGo.signal.aborted) return { kind: 'detached' };
        if (clock.monoMs() - beganAtMonoMs >= forgottenAfterMs) failures = 0;
        const againInMs = pausesMs[failures];
        this.#tell((listener) => listener.onFault?.({ incidentId, againInMs }));
        if (againInMs === undefined) throw thrown;
        await clock.sleep(againInMs, this.#letGo.signal);
        if (this.#letGo.signal.aborted) return { kind: 'detached' };
      }
    }
  }

  subscribe(listener: PersistentListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async ask(request: ManagerRequest): Promise<Result<void, Failure>> {
    return this.#life ? this.#life.ask(request) : failed(betweenLives(request));
  }

  /** Stops managing it; the migration continues. */
  detach(): void {
    this.#letGo.abort();
    this.#life?.detach();
  }

  async #live(): Promise<Ending> {
    const { attachAgain, id } = this.#options;
    const life = this.#life ?? (await attachAgain());
    if (!life) return this.#ended ?? { kind: 'detached' };
    if (this.#life !== life) this.#begin(life);
    // One that was let go of while it was being taken up.
    if (this.#letGo.signal.aborted) life.detach();
    return caredFor({ id, onEscape: (thrown) => life.fail(thrown) }, () => life.run());
  }

  #begin(life: Life): void {
    this.#life = life;
    life.subscribe({
      onEntry: (entry, state) => {
        if (entry.event.kind === 'ended') this.#ended = entry.event;
        this.#tell((listener) => listener.onEntry?.(entry, state));
      },
      onSample: (sample, state) => this.#tell((listener) => listener.onSample?.(sample, state)),
      onJournalLost: (failure) => this.#tell((listener) => listener.onJournalLost?.(failure)),
    });
  }

  /** A listener that throws has a fault of its own, which must not reach the run nor the other listeners. */
  #tell(say: (listener: PersistentListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        say(listener);
      } catch (thrown) {
        this.#options.report(thrown);
      }
    }
  }
}

function betweenLives({ command }: ManagerRequest): Failure {
  return {
    kind: 'rejected',
    phase: 'unmanaged',
    event: command,
    text: 'Switchyard hit a fault of its own in this migration, and is taking it up again.',
    remedy: 'Try again in a few seconds.',
  };
}
