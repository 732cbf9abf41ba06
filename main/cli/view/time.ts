/** `12:03:10`, by the local clock of the reader. */
export function clockTime(atEpochMs: number): string {
  const at = new Date(atEpochMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
}

/** `2026-11-22 12:03:10`, by the local clock of the reader. */
export function localTime(atEpochMs: number): string {
  const at = new Date(atEpochMs);
  return `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())} ${clockTime(atEpochMs)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
