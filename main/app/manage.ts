import type { Failure } from '#contract/errors.ts';
import type { JournalEntry } from '#contract/migration.ts';
import type { Ending, MigrationRun } from '#main/engine/run.ts';
import { serveControl } from './control-server.ts';
import type { MigrationWatcher, OpenMigration } from './managed.ts';

/** What the manager of a migration holds, and gives back when it has ended or let go. */
export interface Holdings {
  readonly controlPath: string;
  readonly history: readonly JournalEntry[];
  /** In order; each is attempted whatever the others do. */
  readonly release: readonly (() => void | Promise<void>)[];
}

/** Drives a run in this process, and opens the door by which other processes reach it. */
export async function manage(run: MigrationRun, holdings: Holdings): Promise<OpenMigration> {
  const control = await serveControl(holdings.controlPath, run);
  const drive = async (): Promise<Ending> => {
    try {
      return await run.run();
    } finally {
      await releaseAll([() => control.close(), ...holdings.release]);
    }
  };
  return {
    id: run.state.plan.id,
    managedHere: true,
    history: holdings.history,
    subscribe: (watcher: MigrationWatcher) =>
      run.subscribe({
        onEntry: (entry) => watcher.onEntry?.(entry),
        onSample: (sample) => watcher.onSample?.(sample),
        onJournalLost: (failure: Failure) => watcher.onJournalLost?.(failure),
      }),
    cancel: (by) => run.cancel(by),
    change: (by, change) => run.change(by, change),
    detach: () => run.detach(),
    ended: drive(),
  };
}

async function releaseAll(releases: readonly (() => void | Promise<void>)[]): Promise<void> {
  const results = await Promise.allSettled(releases.map(async (release) => release()));
  const failed = results.filter((result) => result.status === 'rejected');
  if (failed.length > 0)
    throw new AggregateError(
      failed.map(({ reason }) => reason),
      'something could not be given back',
    );
}
