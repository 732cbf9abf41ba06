import type { JournalEntry } from '#contract/migration.ts';
import type { Ending } from '#main/engine/run.ts';
import { serveControl } from './control-server.ts';
import type { MigrationWatcher, OpenMigration } from './managed.ts';
import { PersistentRun, type PersistentRunOptions } from './persistent-run.ts';

/** What the manager of a migration holds, and gives back when it has ended or let go. */
export interface Holdings extends PersistentRunOptions {
  readonly controlPath: string;
  readonly history: readonly JournalEntry[];
  /** Locks and files, given back when nothing drives the run any more. */
  readonly held: AsyncDisposableStack;
}

/** Drives a migration in this process, and opens the door by which other processes reach it. */
export async function manage(holdings: Holdings): Promise<OpenMigration> {
  const { held, id, history, controlPath } = holdings;
  const run = new PersistentRun(holdings);
  try {
    const control = await serveControl(controlPath, run);
    held.defer(() => control.close());
  } catch (thrown) {
    await held.disposeAsync();
    throw thrown;
  }
  const drive = async (): Promise<Ending> => {
    try {
      return await run.drive();
    } finally {
      await held.disposeAsync();
    }
  };
  return {
    id,
    managedHere: true,
    history,
    subscribe: (watcher: MigrationWatcher) =>
      run.subscribe({
        onEntry: (entry) => watcher.onEntry?.(entry),
        onSample: (sample) => watcher.onSample?.(sample),
        onJournalLost: (failure) => watcher.onJournalLost?.(failure),
        onFault: (fault) => watcher.onFault?.(fault),
      }),
    ask: (request) => run.ask(request),
    detach: () => run.detach(),
    ended: drive(),
  };
}
