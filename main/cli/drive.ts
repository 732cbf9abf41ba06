import type { JournalEntry } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { OpenMigration } from '#main/app/managed.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';

/** What shows a migration while it runs: a live view on a terminal, plain lines elsewhere. */
export interface MigrationView {
  entry(entry: JournalEntry): void;
  sample(sample: Sample): void;
  /** A sentence of this command's own. */
  say(text: string): void;
  close(): void;
}

/** The process's signals, so that tests can send them without dying. */
export interface Signals {
  on(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): () => void;
}

export const processSignals: Signals = {
  on: (signal, listener) => {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  },
};

/**
 * Looks after a migration to its end and shows it. The first Ctrl-C cancels and waits until the guest is safe; the second
 * lets go. A hang-up or a termination lets go at once: the migration needs nobody to go on copying.
 */
export async function drive(
  migration: OpenMigration,
  { view, signals, user }: { readonly view: MigrationView; readonly signals: Signals; readonly user: string },
): Promise<number> {
  const takeUp = `\`switchyard watch ${migration.id}\``;
  let interrupted = false;
  const letGo = (): void => {
    view.say(
      migration.managedHere
        ? `The migration goes on without this command. Nobody looks after it until you type ${takeUp}.`
        : `The migration goes on; follow it again with ${takeUp}.`,
    );
    migration.detach();
  };
  const interrupt = async (): Promise<void> => {
    if (interrupted || !migration.managedHere) return letGo();
    interrupted = true;
    view.say('Cancelling; waiting until the guest is safe. Press Ctrl-C again to leave the migration running.');
    const result = await migration.cancel(user);
    if (!result.ok) view.say(`${result.error.text} ${result.error.remedy}`);
  };
  const forget = [
    signals.on('SIGINT', () => void interrupt()),
    signals.on('SIGTERM', letGo),
    signals.on('SIGHUP', letGo),
    migration.subscribe({
      onEntry: (entry) => view.entry(entry),
      onSample: (sample) => view.sample(sample),
      onJournalLost: (failure) =>
        view.say(`${failure.text} The migration goes on; what follows is not on disk. ${failure.remedy}`),
    }),
  ];
  for (const entry of migration.history) view.entry(entry);
  try {
    const ending = await migration.ended;
    return ending.kind === 'ended' ? exitCodeOf(ending.outcome) : exitCode.needsOperator;
  } finally {
    for (const undo of forget) undo();
    view.close();
  }
}
