import { visibleJson } from './plain-text.ts';

/**
 * JSON text of plain data. A number that JSON cannot hold (NaN and the infinities: a rate over no time, a share of
 * nothing) becomes 0; JSON.stringify alone would write `null`, which every reader's schema refuses. Characters that drive a terminal or are not seen stand as escapes.
 */
export function toJson(value: unknown, indent?: number): string {
  return visibleJson(
    JSON.stringify(value, (_key, member: unknown) => (typeof member === 'number' ? finite(member) : member), indent),
  );
}

export function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
