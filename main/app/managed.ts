import type { Failure } from '#contract/errors.ts';
import type { JournalEntry } from '#contract/migration.ts';
import type { Result } from '#contract/result.ts';
import type { ManagerRequest } from '#contract/requests.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Ending } from '#main/engine/run.ts';
import type { RunFault } from './persistent-run.ts';

export interface MigrationWatcher {
  onEntry?(entry: JournalEntry): void;
  onSample?(sample: Sample): void;
  onJournalLost?(failure: Failure): void;
  /** A fault of ours, in the process that manages it. */
  onFault?(fault: RunFault): void;
}

/**
 * A migration under way, managed by this process or by another one, whose control socket is followed. `history` is
 * what stood in the journal when it was opened; what comes later comes through `subscribe`, with nothing lost between.
 */
export interface OpenMigration {
  readonly id: string;
  /** This process manages it: if it ends, no process manages the migration until it is taken up again. */
  readonly managedHere: boolean;
  readonly history: readonly JournalEntry[];
  subscribe(watcher: MigrationWatcher): () => void;
  /** A refusal, and a manager that does not answer, are failures. */
  ask(request: ManagerRequest): Promise<Result<void, Failure>>;
  /** Stops managing or following; the migration continues. */
  detach(): void;
  readonly ended: Promise<Ending>;
}
