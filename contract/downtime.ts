import type { MigrationRecord } from './migration.ts';
import { formatDurationMs, type Milliseconds } from './units.ts';

type Totals = Pick<MigrationRecord['totals'], 'guestDowntimeMs' | 'downtimeMs'>;

/** What the guest experienced; of a record that does not know it, QEMU's own figure. */
export function downtimeOf({ guestDowntimeMs, downtimeMs }: Totals): Milliseconds | undefined {
  return guestDowntimeMs ?? downtimeMs;
}

/** `236 ms`, and where QEMU counted as well: `236 ms (QEMU: 38 ms)`. */
export function formatDowntime({ guestDowntimeMs, downtimeMs }: Totals): string | undefined {
  if (guestDowntimeMs === undefined) {
    return downtimeMs === undefined ? undefined : `${formatDurationMs(downtimeMs)} (by QEMU)`;
  }
  const byQemu = downtimeMs === undefined ? '' : ` (QEMU: ${formatDurationMs(downtimeMs)})`;
  return `${formatDurationMs(guestDowntimeMs)}${byQemu}`;
}
