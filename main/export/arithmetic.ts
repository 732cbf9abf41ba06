/** The part, or 0 of nothing: never NaN or infinite, which JSON does not have. */
export function ratio(part: number, whole: number): number {
  return whole > 0 && Number.isFinite(part / whole) ? part / whole : 0;
}

export function sum<Item>(items: Iterable<Item>, valueOf: (item: Item) => number): number {
  let total = 0;
  for (const item of items) total += valueOf(item);
  return total;
}

/** 0 of nothing; the lower middle of an even number, so that it is a value that was measured. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}
