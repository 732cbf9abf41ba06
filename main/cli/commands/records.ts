import type { MigrationRecord } from '#contract/migration.ts';
import type { Command } from '#main/cli/context.ts';
import { columnsOf, printJson } from '#main/cli/console.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { historyLines } from '#main/cli/view/history.ts';
import { resultLines } from '#main/cli/view/result.ts';
import { writeNewFile } from '#main/cli/write-file.ts';
import { recordToCsv } from '#main/export/csv.ts';
import { recordToHtml } from '#main/export/html.ts';
import { recordToJson } from '#main/export/json.ts';
import { recordToLog } from '#main/export/log.ts';
import { plainText } from '#main/export/plain-text.ts';

/** All migrations, newest first. */
export function history({ json }: { readonly json?: boolean }): Command {
  return async ({ application, console }) => {
    const rows = await (await application()).history();
    if (json === true) {
      printJson(
        console,
        rows.map(({ summary, ...row }) => ({ ...row, ...summary })),
      );
    } else if (rows.length === 0) console.out('No migration has been made yet.');
    else console.out(historyLines(rows, columnsOf(console)));
    return exitCode.done;
  };
}

/** One migration with its events; with `json` its whole record. */
export function show(id: string, { json }: { readonly json?: boolean }): Command {
  return async ({ application, console }) => {
    const record = await (await application()).record(id);
    if (json === true) printJson(console, record);
    else console.out([resultLines(record), '', ...eventLines(record)].join('\n'));
    return exitCode.done;
  };
}

function eventLines({ events }: MigrationRecord): string[] {
  return events.map(({ atEpochMs, text }) => `${new Date(atEpochMs).toISOString()} ${plainText(text)}`);
}

const formats = { json: recordToJson, csv: recordToCsv, log: recordToLog, html: recordToHtml } as const;

export interface ExportOptions {
  readonly format: keyof typeof formats;
  readonly output: string;
  readonly force?: boolean;
}

export function exportRecord(id: string, { format, output, force = false }: ExportOptions): Command {
  return async ({ application, console }) => {
    const text = formats[format](await (await application()).record(id));
    if (output === '-') console.out(text);
    else {
      await writeNewFile(output, text, { overwrite: force });
      console.log(`Wrote ${output}.`);
    }
    return exitCode.done;
  };
}
