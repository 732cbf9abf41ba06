/**
 * JSON text of plain data. A number that JSON cannot hold (NaN and the infinities: a rate over no time, a share of
 * nothing) becomes 0; JSON.stringify alone would write `null`, which every reader's schema refuses.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === 'number' ? finite(member) : member),
    indent,
  );
}

export function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
