import { SwitchyardError } from '#contract/errors.ts';
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

/** Follows a migration that somebody manages; takes up and finishes one that nobody does. */
export function watch(id: string, { json = false }: WatchOptions): Command {
  return (context) =>
    withMigration(context, { id, json }, async (migration) =>
      migration ? lookAfter(context, migration, { json }) : showEnded(context, id, json),
    );
}

/** Asks whoever manages it to cancel, or does it here, and waits for the end. */
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

/** Takes up a migration whose post-copy lost its connection, and has it go on over a new one. */
export function recover(id: string, { json = false }: WatchOptions): Command {
  return (context) =>
    withMigration(context, { id, json, recover: true }, async (migration) =>
      migration ? lookAfter(context, migration, { json }) : showEnded(context, id, json),
    );
}

interface Opening {
  readonly id: string;
  readonly json: boolean;
  readonly recover?: boolean;
}

/** A failure to open it says nothing about where its guest is. */
async function withMigration(
  context: Context,
  { id, json, recover: recovers = false }: Opening,
  use: (migration: OpenMigration | undefined) => Promise<number>,
): Promise<number> {
  let migration: OpenMigration | undefined;
  try {
    const application = await context.application();
    migration = await openPatiently(() => (recovers ? application.recover(id) : application.open(id)), context.clock);
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
