import { open } from 'node:fs/promises';
import { invalidRequest } from '#contract/errors.ts';
import type { MigrationRecord } from '#contract/migration.ts';
import { formatBitsPerSecond, formatDurationMs } from '#contract/units.ts';
import type { HistoryEntry } from '#main/app/application.ts';
import type { Command } from '#main/cli/context.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { printJson } from '#main/cli/console.ts';
import { resultLines } from '#main/cli/view/result.ts';
import { table } from '#main/cli/view/table.ts';
import { recordToCsv } from '#main/export/csv.ts';
import { recordToHtml } from '#main/export/html.ts';
import { recordToJson } from '#main/export/json.ts';
import { recordToLog } from '#main/export/log.ts';

export function history({ json }: { readonly json?: boolean }): Command {
  return async ({ application, console }) => {
    const rows = await (await application()).history();
    if (json === true)
      printJson(
        console,
        rows.map(({ summary, ...row }) => ({ ...row, ...summary })),
      );
    else if (rows.length === 0) console.out('No migration has been made yet.');
    else {
      const header = [
        'Id',
        'Guest',
        'Status',
        'From',
        'To',
        'Paths',
        'Throughput',
        'Downtime',
        'Started',
        'Duration',
        'User',
      ];
      console.out(table(header, rows.map(historyRow)));
      const orphans = rows.filter((row) => row.open && !row.managed);
      for (const { id } of orphans) console.out(`Nobody looks after ${id}: type \`switchyard watch ${id}\`.`);
    }
    return exitCode.done;
  };
}

export function show(id: string, { json }: { readonly json?: boolean }): Command {
  return async ({ application, console }) => {
    const record = await (await application()).record(id);
    if (json === true) printJson(console, record);
    else console.out([resultLines(record), '', ...eventLines(record)].join('\n'));
    return exitCode.done;
  };
}

const formats = { json: recordToJson, csv: recordToCsv, log: recordToLog, html: recordToHtml } as const;
export type ExportFormat = keyof typeof formats;
export const exportFormats = Object.keys(formats);

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly output: string;
  readonly force?: boolean;
}

export function exportRecord(id: string, { format, output, force = false }: ExportOptions): Command {
  return async ({ application, console }) => {
    const text = formats[format](await (await application()).record(id));
    if (output === '-') {
      console.out(text);
      return exitCode.done;
    }
    const file = await open(output, force ? 'w' : 'wx', 0o600).catch((cause: unknown) => {
      throw invalidRequest(
        `${output} cannot be written: ${String(cause)}.`,
        'Name a new file, or add --force to overwrite.',
      );
    });
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    console.log(`Wrote ${output}.`);
    return exitCode.done;
  };
}

function historyRow({ id, open: isOpen, managed, summary, problem }: HistoryEntry): string[] {
  if (!summary) return [id, '-', problem ?? 'unreadable'];
  const { totals } = summary;
  return [
    id,
    summary.guest,
    isOpen ? (managed ? summary.phase : 'open') : (summary.outcome ?? '-'),
    summary.source,
    summary.destination,
    `${summary.subflows.length}/${summary.paths.length}`,
    formatBitsPerSecond(totals.goodputBitsPerSecond),
    totals.downtimeMs === undefined ? '-' : formatDurationMs(totals.downtimeMs),
    new Date(summary.startedAtEpochMs).toISOString(),
    formatDurationMs(totals.durationMs),
    summary.user,
  ];
}

function eventLines({ events }: MigrationRecord): string[] {
  return events.map(({ atEpochMs, text }) => `${new Date(atEpochMs).toISOString()} ${text}`);
}
