import { SwitchyardError } from '#contract/errors.ts';
import type { MigrationRecord } from '#contract/migration.ts';
import type { OpenMigration } from '#main/app/managed.ts';
import { printJson } from './console.ts';
import type { Clock } from './clock.ts';
import type { Context } from './context.ts';
import { drive, type Leaving, type MigrationView } from './drive.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';
import { reportFailure } from './failure-report.ts';
import { migrationView } from './view/migration-view.ts';
import { resultLines } from './view/result.ts';

export interface LookAfterOptions {
  readonly json: boolean;
  /** For `switchyard cancel`. */
  readonly cancelFirst?: boolean;
}

/**
 * Shows a migration to its end, says how it ended, and answers with the exit code. From here on a fault of ours says
 * nothing about the guest, so it never looks like one that is safe.
 */
export async function lookAfter(
  context: Context,
  migration: OpenMigration,
  { json, cancelFirst }: LookAfterOptions,
): Promise<number> {
  const { console, clock, application } = context;
  let managedHere = migration.managedHere;
  const view = migrationView(console, clock, { json, managedHere: () => managedHere });
  try {
    const onManager = (here: boolean): void => {
      managedHere = here;
    };
    const leaving = await accompany(context, migration, view, { cancelFirst, onManager });
    const record = await (await application()).record(migration.id);
    if (json) printJson(console, record);
    else if (leaving.kind !== 'let-go') console.out(resultLines(record));
    return leaving.kind === 'let-go' ? exitCode.needsOperator : exitCodeOf(outcomeOf(leaving, record));
  } catch (thrown) {
    await reportFailure(context, thrown, { json, migration: migration.id });
    const takeUp = `\`switchyard watch ${migration.id}\``;
    console.log(
      managedHere
        ? `No process manages the migration now, and its guest may stand still until you take it up: ${takeUp}.`
        : `Where the guest is now, ${takeUp} finds out.`,
    );
    return exitCode.needsOperator;
  }
}

function outcomeOf(leaving: Leaving, record: MigrationRecord): MigrationRecord['outcome'] {
  return leaving.kind === 'ended' ? leaving.outcome : record.outcome;
}

export interface AccompanyOptions {
  readonly cancelFirst?: boolean | undefined;
  /** Whether this process manages it now. */
  readonly onManager?: (here: boolean) => void;
}

/** Drives it, and takes over when the process that managed it goes. The view is closed at the end. */
export async function accompany(
  { application, clock, signals }: Context,
  migration: OpenMigration,
  view: MigrationView,
  { cancelFirst, onManager }: AccompanyOptions = {},
): Promise<Leaving> {
  try {
    const app = await application();
    const options = { view, signals, clock, user: app.user };
    let begunAtEpochMs = clock.epochMs();
    let leaving = await drive(migration, { ...options, cancelFirst });
    while (leaving.kind === 'orphaned') {
      if (Math.abs(clock.epochMs() - begunAtEpochMs) < hungUpAtOnceMs) await clock.sleep(hungUpAtOnceMs);
      const next = await openPatiently(() => app.open(migration.id), clock);
      if (!next) return leaving;
      onManager?.(next.managedHere);
      view.say(
        next.managedHere
          ? 'Its manager has gone: this command manages it now.'
          : 'The connection to its manager broke; this command follows it again.',
      );
      begunAtEpochMs = clock.epochMs();
      leaving = await drive(next, { ...options, shownSequence: leaving.shownSequence });
    }
    return leaving;
  } finally {
    view.close();
  }
}

/** A manager that hangs up at once will most likely do so again: asked without a pause, both would do nothing else. */
const hungUpAtOnceMs = 500;

const attempts = 20;
const betweenAttemptsMs = 100;

/** A manager that is just coming or going holds the migration and does not answer: that passes. */
export async function openPatiently(
  open: () => Promise<OpenMigration | undefined>,
  clock: Clock,
): Promise<OpenMigration | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open();
    } catch (thrown) {
      const passes =
        thrown instanceof SwitchyardError &&
        (thrown.failure.kind === 'unreachable' ||
          (thrown.failure.kind === 'rejected' && thrown.failure.event === 'lock'));
      if (!passes || attempt >= attempts) throw thrown;
      await clock.sleep(betweenAttemptsMs);
    }
  }
}
