import { SwitchyardError } from '#contract/errors.ts';
import type { Check, Plan } from '#contract/migration.ts';
import type { Started } from '#main/app/application.ts';
import type { Command, Context } from '#main/cli/context.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { reportFailure } from '#main/cli/failure-report.ts';
import { lookAfter } from '#main/cli/look-after.ts';
import { toMigrationRequest, type MigrateOptions } from '#main/cli/migration-request.ts';
import { printJson } from '#main/cli/console.ts';
import { checkLines } from '#main/cli/view/checks.ts';
import { preflightLines } from '#main/cli/view/preflight.ts';

export interface PreflightOptions extends MigrateOptions {
  readonly commands?: boolean;
}

/** Looks, and changes nothing: what stands in the way, what it would be like, and on request what would be sent. */
export function preflight(guest: string, options: PreflightOptions): Command {
  return async ({ application, console }) => {
    const answer = await (await application()).foretell(toMigrationRequest(guest, options));
    if (options.json === true) printJson(console, answer);
    else console.out(preflightLines(answer, options));
    return answer.ready ? exitCode.done : exitCode.refused;
  };
}

/** Moves a guest; answers when it is over. */
export function migrate(guest: string, options: MigrateOptions): Command {
  const json = options.json === true;
  return async (context) => {
    const started = await begin(context, guest, options);
    if (started === undefined) return exitCode.refused;
    if (started.kind === 'started') return lookAfter(context, started.migration, { json });
    const { plan, refusals } = started;
    if (json)
      printJson(context.console, {
        ready: false,
        checks: plan.checks,
        paths: plan.paths,
        leftOut: plan.leftOut,
        error: refusalOf(plan, refusals),
      });
    context.console.log(`Not started, and nothing was changed.\n${checkLines(refusals)}`);
    return exitCode.refused;
  };
}

/** Nothing when it could not be started, and so nothing was done: a guest that migrates already, a full disk. */
async function begin(context: Context, guest: string, options: MigrateOptions): Promise<Started | undefined> {
  const request = toMigrationRequest(guest, options);
  try {
    return await (await context.application()).start(request);
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError) || thrown.failure.kind === 'invalid-request') throw thrown;
    await reportFailure(context, thrown, { json: options.json === true });
    return undefined;
  }
}

function refusalOf({ guest }: Plan, refusals: readonly Check[]) {
  return {
    kind: 'rejected',
    phase: 'preflight',
    event: 'start',
    text: `${guest.name} was not migrated: ${refusals.map(({ text }) => text).join(' ')}`,
    remedy: refusals.flatMap(({ remedy }) => remedy ?? []).join(' '),
  };
}
