import type { Milliseconds } from '#contract/units.ts';
import { rowAt, type Columns } from './columns.ts';
import type { ColumnName } from './row.ts';

/** Instants in milliseconds, first and last of what a chart shows. */
export interface Span {
  readonly fromEpochMs: Milliseconds;
  readonly toEpochMs: Milliseconds;
}

/** `null` is the chart library's gap. */
export type Points = (number | null)[];

/**
 * Rows of a span, thinned to about `mostPoints` by the mean of each bucket. Buckets are cut by row number counted from the
 * run's beginning, not from the span's: else every new sample would shift them all and the picture would shimmer.
 */
export class ChartWindow {
  readonly #columns: Columns;
  readonly #firstRow: number;
  readonly #endRow: number;
  readonly #step: number;

  constructor(columns: Columns, { fromEpochMs, toEpochMs }: Span, mostPoints: number) {
    this.#columns = columns;
    // One row beyond each edge, so that lines run out of the picture instead of ending in it.
    this.#firstRow = Math.max(0, rowAt(columns, fromEpochMs));
    this.#endRow = Math.min(columns.length, rowAt(columns, toEpochMs) + 2);
    this.#step = Math.max(1, Math.ceil((this.#endRow - this.#firstRow) / mostPoints));
  }

  times(): number[] {
    const { atEpochMs } = this.#columns;
    return this.#buckets((_first, end) => (atEpochMs[end - 1] ?? 0) / 1000);
  }

  /** Means of the buckets; a bucket without any value is a gap. */
  points(name: ColumnName): Points {
    const column = this.#columns.column(name);
    return this.#buckets((first, end) => (column ? meanOf(column, first, end) : null));
  }

  #buckets<Value>(value: (first: number, end: number) => Value): Value[] {
    const values: Value[] = [];
    const { firstRow } = this.#columns;
    for (let first = this.#firstRow; first < this.#endRow;) {
      const end = Math.min(this.#endRow, first + this.#step - ((firstRow + first) % this.#step));
      values.push(value(first, end));
      first = end;
    }
    return values;
  }
}

function meanOf(column: Float64Array, first: number, end: number): number | null {
  let [sum, count] = [0, 0];
  for (let row = first; row < end; row += 1) {
    const value = column[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

/** Layers on top of each other: the first is the lowest, each next one is the sum so far; gaps count as nothing. */
export function stacked(layers: readonly Points[]): Points[] {
  let below: Points = [];
  return layers.map((layer) => {
    below = layer.map((value, index) => (value ?? 0) + (below[index] ?? 0));
    return below;
  });
}
