import type { ColumnName } from './row.ts';

/** Rows of numbers, read by column: what charts and tables draw from. */
export interface Columns {
  readonly length: number;
  /** Number of the first row since the run began: lets a thinned view keep its buckets while rows move out. */
  readonly firstRow: number;
  /** Ascending. A view: valid until the next row comes. */
  readonly atEpochMs: Float64Array;
  /** NaN where nothing is known; `undefined` where nothing ever was. */
  column(name: ColumnName): Float64Array | undefined;
}

export function valueAt(columns: Columns, name: ColumnName, row: number): number | undefined {
  const value = columns.column(name)?.[row];
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** The last row at or before an instant; -1 where there is none. */
export function rowAt({ atEpochMs }: Columns, epochMs: number): number {
  let [low, high] = [0, atEpochMs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((atEpochMs[middle] ?? 0) <= epochMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
