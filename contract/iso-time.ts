/** The last millisecond of the year 9999, the last that ISO 8601 writes with four digits. */
export const lastEpochMs = 253_402_300_799_999;

/** `2026-11-22T12:03:10.250Z`. Never throws: what is no time of a clock is shown as the number that it is. */
export function isoTime(epochMs: number): string {
  return epochMs >= 0 && epochMs <= lastEpochMs ? new Date(epochMs).toISOString() : `no time (${epochMs})`;
}
