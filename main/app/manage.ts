import type { Failure } from '#contract/errors.ts';
import type { JournalEntry } from '#contract/migration.ts';
import type { Ending, MigrationRun } from '#main/engine/run.ts';
import { serveControl } from './control-server.ts';
import type { MigrationWatcher, OpenMigration } from './managed.ts';

/** What the manager of a migration holds, and gives back when it has ended or let go. */
export interface Holdings {
  readonly controlPath: string;
  readonly history: readonly JournalEntry[];
  /** Locks and files, given back when nobody drives the run any more. */
  readonly held: AsyncDisposableStack;
}

/** Drives a run in this process, and opens the door by which other processes reach it. */
export async function manage(run: MigrationRun, holdings: Holdings): Promise<OpenMigration> {
  const { held } = holdings;
  try {
    const control = await serveControl(holdings.controlPath, run);
    held.defer(() => control.close());
  } catch (thrown) {
    await held.disposeAsync();
    throw thrown;
  }
  const drive = async (): Promise<Ending> => {
    try {
      return await run.run();
    } finally {
      await held.disposeAsync();
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
    ask: (request) => run.ask(request),
    detach: () => run.detach(),
    ended: drive(),
  };
}
