import type { JournalEntry, Outcome } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { OpenMigration } from '#main/app/managed.ts';
import { redactText } from '#main/redaction/redact.ts';
import type { Clock } from './clock.ts';
import type { Signals } from './signals.ts';

/** What shows a migration while it runs: a live view on a terminal, plain lines elsewhere. */
export interface MigrationView {
  entry(entry: JournalEntry): void;
  sample(sample: Sample): void;
  /** A sentence of this command's own. */
  say(text: string): void;
  close(): void;
}

export interface DriveOptions {
  readonly view: MigrationView;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly user: string;
  /** Entries up to this one have been shown already. */
  readonly shownSequence?: number;
  /** Cancels as soon as what comes of it will be shown. */
  readonly cancelFirst?: boolean | undefined;
}

/** How this command's part in a migration ended. */
export type Leaving =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  /** The operator detached this command. */
  | { readonly kind: 'let-go' }
  /** Another process managed it, and has ended or let go. */
  | { readonly kind: 'orphaned'; readonly shownSequence: number };

/** Who lets go is not kept waiting for a QEMU that does not answer: leaving it half asked harms as little as a crash. */
const farewellMs = 1000;

/**
 * Shows a migration to its end, and drives it if this process manages it. The first Ctrl-C cancels and waits until
 * the guest is safe; the second lets go. A termination lets go at once: QEMU continues copying without us. A terminal that
 * hangs up (an SSH session that broke) changes nothing for who manages: the guest needs a manager to arrive.
 */
export async function drive(
  migration: OpenMigration,
  { view, signals, clock, user, shownSequence = -1, cancelFirst = false }: DriveOptions,
): Promise<Leaving> {
  let lastSequence = shownSequence;
  let cancel: 'none' | 'asked' | 'taken' | 'refused' = 'none';
  let letGo = false;
  const left = Promise.withResolvers<{ readonly kind: 'detached' }>();

  const show = (entry: JournalEntry): void => {
    lastSequence = Math.max(lastSequence, entry.sequence);
    view.entry(entry);
  };
  const release = (): void => {
    if (letGo) return;
    letGo = true;
    const takeUp = `\`switchyard watch ${migration.id}\``;
    view.say(farewell(takeUp));
    migration.detach();
    void clock.sleep(farewellMs).then(() => left.resolve({ kind: 'detached' }));
  };
  const farewell = (takeUp: string): string => {
    if (cancel === 'asked' || cancel === 'taken') {
      return `The cancel is not finished, and this command does not wait for it: ${takeUp} brings the guest into safety and reports where it is.`;
    }
    return migration.managedHere
      ? `The migration continues without this command, and the guest stands still at its end until you type ${takeUp}.`
      : `The migration continues; follow it again with ${takeUp}.`;
  };
  const askToCancel = async (): Promise<void> => {
    cancel = 'asked';
    view.say('Cancelling; waiting until the guest is safe. Press Ctrl-C again to leave without waiting.');
    const result = await migration.ask({ command: 'cancel', by: user });
    cancel = result.ok ? 'taken' : 'refused';
    if (!result.ok) view.say(redactText(`${result.error.text} ${result.error.remedy}`));
  };
  const interrupt = (): void => {
    if (cancel !== 'none' || !migration.managedHere) release();
    else void askToCancel();
  };
  const hangUp = (): void => {
    if (migration.managedHere) view.say('The terminal has gone; this command manages the migration to its end.');
    else release();
  };
  // A suspended process could not resume the guest on its destination: it would stand still until the operator types `fg`.
  const refuseToSuspend = (): void =>
    view.say('Not suspended: the guest needs this command to arrive. Look at other things in another terminal.');

  for (const entry of migration.history) if (entry.sequence > shownSequence) show(entry);
  const undo = [
    migration.subscribe({
      onEntry: show,
      onSample: (sample) => view.sample(sample),
      onJournalLost: (failure) =>
        view.say(redactText(`${failure.text} The migration continues; what follows is not on disk. ${failure.remedy}`)),
      onFault: ({ incidentId, againInMs }) => view.say(faultSentence(incidentId, againInMs !== undefined)),
    }),
    signals.on('SIGINT', interrupt),
    signals.on('SIGTERM', release),
    signals.on('SIGHUP', hangUp),
    ...(migration.managedHere ? [signals.on('SIGTSTP', refuseToSuspend)] : []),
  ];
  try {
    const asked = cancelFirst ? askToCancel() : undefined;
    const ending = await Promise.race([Promise.all([migration.ended, asked]).then(([each]) => each), left.promise]);
    if (ending.kind === 'ended') return { kind: 'ended', outcome: ending.outcome };
    return letGo ? { kind: 'let-go' } : { kind: 'orphaned', shownSequence: lastSequence };
  } finally {
    for (const each of undo) each();
  }
}

function faultSentence(incidentId: string, again: boolean): string {
  const what = `Switchyard hit a fault of its own (incident ${incidentId})`;
  return again
    ? `${what}, and takes the migration up again. \`switchyard report ${incidentId}\` collects what is needed to find the cause.`
    : `${what} each time it took this migration up, and does not manage it any more.`;
}
