import { defaultSettings, type MigrationSettings } from '#contract/migration.ts';
import { migrationRequestSchema, type MigrationRequest } from '#contract/requests.ts';
import { invalidRequest } from '#contract/errors.ts';
import type { OpenMigration } from '#main/app/managed.ts';
import type { Command, Context } from '#main/cli/context.ts';
import { drive } from '#main/cli/drive.ts';
import { exitCode, exitCodeOf } from '#main/cli/exit-code.ts';
import { printJson } from '#main/cli/console.ts';
import { checkLines } from '#main/cli/view/checks.ts';
import { migrationView } from '#main/cli/view/migration-view.ts';
import { resultLines } from '#main/cli/view/result.ts';

export interface MigrateOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
  readonly mptcp?: MigrationSettings['mptcp'];
  readonly downtimeLimit?: number;
  readonly bandwidth?: number;
  readonly parallelConnections?: number;
  readonly autoConverge?: boolean;
  readonly stallLimit?: number;
  readonly sampleRate?: number;
  readonly accept?: readonly string[];
}

export function preflight(guest: string, options: MigrateOptions): Command {
  return async (context) => {
    const application = await context.application();
    const { plan, refusals } = await application.preflight(toRequest(guest, options));
    if (options.json === true)
      printJson(context.console, { ready: refusals.length === 0, checks: plan.checks, paths: plan.paths });
    else context.console.out(checkLines(plan.checks));
    return refusals.length === 0 ? exitCode.done : exitCode.refused;
  };
}

export function migrate(guest: string, options: MigrateOptions): Command {
  return async (context) => {
    const application = await context.application();
    const started = await application.start(toRequest(guest, options));
    if (started.kind === 'refused') {
      if (options.json === true) printJson(context.console, { refused: true, checks: started.plan.checks });
      context.console.log(`Not started: nothing was changed.\n${checkLines(started.refusals)}`);
      return exitCode.refused;
    }
    return see(context, started.migration, options.json === true);
  };
}

export function watch(id: string, options: { readonly json?: boolean }): Command {
  return async (context) => {
    const application = await context.application();
    const open = await application.open(id);
    if (open) return see(context, open, options.json === true);
    const record = await application.record(id);
    if (options.json === true) printJson(context.console, record);
    else context.console.out(resultLines(record));
    return exitCodeOf(record.outcome);
  };
}

export function cancel(id: string, options: { readonly json?: boolean }): Command {
  return async (context) => {
    const application = await context.application();
    const open = await application.open(id);
    if (!open) {
      const record = await application.record(id);
      if (options.json === true) printJson(context.console, record);
      context.console.log('Nothing to cancel: it has already ended.');
      return exitCodeOf(record.outcome);
    }
    const result = await open.cancel(application.user);
    if (!result.ok) context.console.log(`${result.error.text} ${result.error.remedy}`);
    return see(context, open, options.json === true);
  };
}

/** Shows it to its end, then says how it ended; with `--json` the record is the one thing on stdout. */
async function see(context: Context, migration: OpenMigration, json: boolean): Promise<number> {
  const application = await context.application();
  const view = migrationView(context.console, { json });
  const code = await drive(migration, { view, signals: context.signals, user: application.user });
  const record = await application.record(migration.id);
  if (json) printJson(context.console, record);
  else context.console.out(resultLines(record));
  return code;
}

function toRequest(guest: string, options: MigrateOptions): MigrationRequest {
  const parsed = migrationRequestSchema.safeParse({
    guest,
    from: options.from,
    to: options.to,
    settings: {
      ...defaultSettings,
      mptcp: options.mptcp ?? defaultSettings.mptcp,
      downtimeLimitMs: options.downtimeLimit ?? defaultSettings.downtimeLimitMs,
      bandwidthBitsPerSecond: options.bandwidth ?? defaultSettings.bandwidthBitsPerSecond,
      parallelConnections: options.parallelConnections ?? defaultSettings.parallelConnections,
      autoConverge: options.autoConverge ?? defaultSettings.autoConverge,
      stallLimitMs: options.stallLimit ?? defaultSettings.stallLimitMs,
      sampleHz: options.sampleRate ?? defaultSettings.sampleHz,
      accepted: [...(options.accept ?? [])],
    } satisfies MigrationSettings,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidRequest(
    `${issue?.path.join('.') ?? 'The request'}: ${issue?.message ?? 'it is not valid'}.`,
    'See `switchyard migrate --help` for what each option takes.',
    issue?.path.join('.'),
  );
}

/** Bandwidth and downtime limit of a migration that runs. */
export function change(id: string, options: { readonly bandwidth?: number; readonly downtimeLimit?: number }): Command {
  return async (context) => {
    if (options.bandwidth === undefined && options.downtimeLimit === undefined) {
      throw invalidRequest('Nothing to change.', 'Give --bandwidth, --downtime-limit, or both.');
    }
    const application = await context.application();
    await application.change(id, {
      ...(options.bandwidth === undefined ? {} : { bandwidthBitsPerSecond: options.bandwidth }),
      ...(options.downtimeLimit === undefined ? {} : { downtimeLimitMs: options.downtimeLimit }),
    });
    context.console.log('Changed.');
    return exitCode.done;
  };
}
