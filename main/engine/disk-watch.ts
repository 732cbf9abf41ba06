import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEvent } from '#contract/migration.ts';
import type { QemuStatistics } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';
import { newImages, type OpenImage } from '#main/likeness/open-image.ts';
import { lookAtDisks } from './disk-takeover.ts';
import { says } from './observation.ts';
import type { Ports, Qemu } from './ports.ts';
import { maySend } from './sending.ts';
import { mayBeInPostCopy, type MigrationState } from './state.ts';
import { within } from './within.ts';

/** A look takes some milliseconds, and opens every image: it is not repeated sooner, nor left out for longer. */
const soonestMs: Milliseconds = 1000;
const latestMs: Milliseconds = 3000;
/** The guest stands still meanwhile: what is not known by then was good when it was looked at last. */
const gateMs: Milliseconds = 300;

export interface DiskWatchOptions {
  readonly ports: Pick<Ports, 'destination' | 'clock' | 'plan' | 'report'>;
  readonly state: () => MigrationState;
  readonly sourceMonitor: () => Qemu | undefined;
  readonly statistics: () => QemuStatistics | undefined;
  readonly record: (event: JournalEvent) => Promise<unknown>;
  /** A fault of ours, while no caller waits for an answer. */
  readonly onFault: (thrown: unknown) => void;
}

/**
 * Looks again, while the memory is copied, whether the destination will get the disks: QEMU activates them only when the
 * guest has left the source. With each iteration, because any may be the last; what it finds cancels the migration while the
 * guest still runs on the source.
 */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #first: readonly OpenImage[] | undefined;
  #last: { readonly iteration: number; readonly atMonoMs: Milliseconds } | undefined;
  #looking: Promise<void> | undefined;
  #lastLook: Promise<void> | undefined;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /** Begins another look where one is due; waits for nothing. */
  lookWhenDue(): void {
    if (this.#looking || !this.#isDue()) return;
    this.#looking = this.#look().finally(() => (this.#looking = undefined));
  }

  /** The last look, while the source waits before the switchover: the same for everyone who asks, and bounded. */
  async lookAtGate(): Promise<void> {
    const { clock, report } = this.#options.ports;
    if (this.#mayCancel()) this.#lastLook ??= this.#look();
    if (this.#lastLook) await within(clock, gateMs, this.#lastLook, report);
  }

  /** Once what is under way has ended. */
  async idle(): Promise<void> {
    await Promise.all([this.#looking, this.#lastLook]);
  }

  #isDue(): boolean {
    const { ports, statistics } = this.#options;
    if (!this.#mayCancel()) return false;
    const [iteration, atMonoMs] = [statistics()?.iteration ?? 0, ports.clock.monoMs()];
    const before = this.#last;
    // Everything was looked at right before the copy began.
    this.#last ??= { iteration, atMonoMs };
    if (!before) return false;
    const sinceMs = atMonoMs - before.atMonoMs;
    if (sinceMs < soonestMs || (iteration === before.iteration && sinceMs < latestMs)) return false;
    this.#last = { iteration, atMonoMs };
    return true;
  }

  async #look(): Promise<void> {
    const { ports, state, sourceMonitor, record, onFault } = this.#options;
    const [source, twin] = [sourceMonitor(), state().destination];
    if (!source || !twin) return;
    try {
      const { images, findings } = await lookAtDisks(ports.plan, ports.destination, source, twin.identity);
      this.#first ??= images;
      const [finding] = [...findings, ...newImages(this.#first, images)];
      if (!finding || !this.#mayCancel()) return;
      const { text, remedy } = finding;
      await record({
        kind: 'cancel-requested',
        reason: 'disks-not-taken',
        by: 'switchyard',
        finding: { text, remedy },
      });
    } catch (thrown) {
      // A side that does not answer is noticed by those who ask for its status.
      if (!(thrown instanceof SwitchyardError)) onFault(thrown);
    }
  }

  #mayCancel(): boolean {
    const state = this.#options.state();
    const { cancel, committed, sourceCompleted, observed } = state;
    return (
      maySend(state) &&
      !cancel &&
      !committed &&
      !sourceCompleted &&
      !mayBeInPostCopy(state) &&
      (says(observed.source, 'active') || says(observed.source, 'pre-switchover'))
    );
  }
}
