import type { MigrationRecord } from '#contract/migration.ts';
import { isoTime } from '#contract/iso-time.ts';
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
import { plainText } from '#contract/plain-text.ts';

export interface HistoryOptions {
  readonly json?: boolean;
  readonly limit?: number;
  readonly all?: boolean;
}

/** A screen or two, and quick also where there are thousands. */
const usualLimit = 100;

/** The newest migrations, and every older one that waits for the operator; a program gets all unless it asks for fewer. */
export function history({ json = false, limit, all = json }: HistoryOptions): Command {
  return async ({ application, console }) => {
    const port = await application();
    const newest = limit ?? (all ? undefined : usualLimit);
    const rows = await port.history(newest === undefined ? {} : { newest });
    if (json) {
      printJson(
        console,
        rows.map(({ summary, ...row }) => ({ ...summary, ...row })),
      );
      return exitCode.done;
    }
    const leftOut = newest === undefined ? 0 : (await port.migrationCount()) - rows.length;
    if (rows.length === 0 && leftOut === 0) console.out('No migration has been made yet.');
    else console.out(historyLines(rows, columnsOf(console)));
    if (leftOut > 0) console.log(`${leftOut} older: \`switchyard history --all\` lists them too.`);
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
  return events.map(({ atEpochMs, text }) => `${isoTime(atEpochMs)} ${plainText(text)}`);
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
