import type { MigrationRecord } from '#contract/migration.ts';
import type { MigrationSummary } from '#main/export/record.ts';

/** What a table of many migrations shows of a record. */
export function summaryOf({
  samples: _samples,
  events: _events,
  checks: _checks,
  ...summary
}: MigrationRecord): MigrationSummary {
  return summary;
}
