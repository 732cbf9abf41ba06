import type { ExportFormat } from '#contract/channels.ts';
import type { MigrationRecord } from '#contract/migration.ts';
import { recordToCsv } from '#main/export/csv.ts';
import { recordToHtml } from '#main/export/html.ts';
import { recordToJson } from '#main/export/json.ts';
import { recordToLog } from '#main/export/log.ts';
import type { ExportedFile } from './face.ts';

const formats: Readonly<
  Record<ExportFormat, { readonly mediaType: string; readonly write: (record: MigrationRecord) => string }>
> = {
  json: { mediaType: 'application/json', write: recordToJson },
  csv: { mediaType: 'text/csv;charset=utf-8', write: recordToCsv },
  log: { mediaType: 'text/plain;charset=utf-8', write: recordToLog },
  html: { mediaType: 'text/html;charset=utf-8', write: recordToHtml },
};

/** `switchyard-20261122T120250Z-7f3a.csv`: the migration's id is in every name, so that files find back to each other. */
export function exportRecord(record: MigrationRecord, format: ExportFormat): ExportedFile {
  const { mediaType, write } = formats[format];
  return { fileName: `switchyard-${record.id}.${format}`, mediaType, text: write(record) };
}
