import { toJson } from '#contract/json.ts';
import type { MigrationRecord } from '#contract/migration.ts';

/** The complete record as one JSON document (`switchyard.migration/1`), closed by a newline. */
export function recordToJson(record: MigrationRecord): string {
  return `${toJson(record, 2)}\n`;
}
