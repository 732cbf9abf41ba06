import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { TakeUpRequest } from '#main/app/application.ts';
import type { OpenMigration } from '#main/app/managed.ts';
import type { Command, Context } from '#main/cli/context.ts';
import { exitCode, exitCodeOf } from '#main/cli/exit-code.ts';
import { reportFailure } from '#main/cli/failure-report.ts';
import { lookAfter, openPatiently } from '#main/cli/look-after.ts';
import { printJson } from '#main/cli/console.ts';
import { resultLines } from '#main/cli/view/result.ts';

interface WatchOptions {
  readonly json?: boolean;
}

/** Follows a migration that a process manages; takes up and finishes one without a manager. */
export function watch(id: string, { json = false }: WatchOptions): Command {
  return (context) =>
    withMigration(context, { id, json }, async (migration) =>
      migration ? lookAfter(context, migration, { json }) : showEnded(context, id, json),
    );
}

/** Asks its manager to cancel, or does it here, and waits for the end. */
export function cancel(id: string, { json = false }: WatchOptions): Command {
  return (context) =>
    withMigration(context, { id, json }, async (migration) => {
      if (!migration) {
        context.console.log('Nothing to cancel: it has already ended.');
        return showEnded(context, id, json);
      }
      return lookAfter(context, migration, { json, cancelFirst: true });
    });
}

/** Takes up a migration whose post-copy lost its connection, and continues it over a new one. */
export function recover(id: string, { json = false }: WatchOptions): Command {
  return (context) =>
    withMigration(context, { id, json, takeUpTo: 'recover' }, async (migration) =>
      migration ? lookAfter(context, migration, { json }) : showEnded(context, id, json),
    );
}

/**
 * Ends a destination that holds the guest and has never run it, and resumes the guest on the source. The guest's name says
 * that the operator means it.
 */
export function goBack(id: string, { json = false, confirm }: WatchOptions & { readonly confirm?: string }): Command {
  return async (context) => {
    const { guest, source, destination } = await (await context.application()).record(id);
    if (confirm !== guest) {
      throw invalidRequest(
        `This ends the QEMU on ${destination}, which holds ${guest}, and resumes ${guest} on ${source}.`,
        `If that is wanted, add --confirm ${guest}.`,
        'confirm',
      );
    }
    return withMigration(context, { id, json, takeUpTo: 'go-back' }, async (migration) =>
      migration ? lookAfter(context, migration, { json }) : showEnded(context, id, json),
    );
  };
}

interface Opening {
  readonly id: string;
  readonly json: boolean;
  readonly takeUpTo?: TakeUpRequest;
}

/** A failure to open it says nothing about where its guest is. */
async function withMigration(
  context: Context,
  { id, json, takeUpTo }: Opening,
  use: (migration: OpenMigration | undefined) => Promise<number>,
): Promise<number> {
  let migration: OpenMigration | undefined;
  try {
    const application = await context.application();
    migration = await openPatiently(
      () => (takeUpTo ? application.takeUpTo(id, takeUpTo) : application.open(id)),
      context.clock,
    );
  } catch (thrown) {
    if (thrown instanceof SwitchyardError && thrown.failure.kind === 'invalid-request') throw thrown;
    const failure = await reportFailure(context, thrown, { json, migration: id });
    const nothingWasDone = failure.kind === 'rejected' && failure.event === 'attach';
    return nothingWasDone ? exitCode.failed : exitCode.needsOperator;
  }
  return use(migration);
}

async function showEnded({ application, console }: Context, id: string, json: boolean): Promise<number> {
  const record = await (await application()).record(id);
  if (json) printJson(console, record);
  else console.out(resultLines(record));
  return exitCodeOf(record.outcome);
}
