import { ColumnTable } from './column-table.ts';
import type { Columns } from './columns.ts';
import { isAveraged, type ColumnName, type Row } from './row.ts';

/**
 * The whole run in at most `capacity` rows, however long it is: when they are full, each two neighbours become one, and
 * from then on twice as many samples go into a row.
 */
export class WholeRunColumns implements Columns {
  readonly #capacity: number;
  readonly #table: ColumnTable;
  #length = 0;
  #samplesPerRow = 1;
  #gathered: Row[] = [];

  /** `capacity` is even. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#table = new ColumnTable(capacity);
  }

  readonly firstRow = 0;

  get length(): number {
    return this.#length;
  }

  get atEpochMs(): Float64Array {
    return this.#table.times.subarray(0, this.#length);
  }

  column(name: ColumnName): Float64Array | undefined {
    return this.#table.column(name)?.subarray(0, this.#length);
  }

  push(row: Row): void {
    this.#gathered.push(row);
    if (this.#gathered.length < this.#samplesPerRow) return;
    if (this.#length === this.#capacity) this.#halve();
    if (this.#gathered.length < this.#samplesPerRow) return;
    this.#table.write(this.#length, merged(this.#gathered));
    this.#length += 1;
    this.#gathered = [];
  }

  #halve(): void {
    const { times } = this.#table;
    for (let row = 0; row < this.#capacity / 2; row += 1) times[row] = times[row * 2 + 1] ?? 0;
    for (const [name, column] of this.#table.entries) {
      const merge = isAveraged(name) ? mean : last;
      for (let row = 0; row < this.#capacity / 2; row += 1) {
        column[row] = merge(column[row * 2] ?? Number.NaN, column[row * 2 + 1] ?? Number.NaN);
      }
    }
    this.#length = this.#capacity / 2;
    this.#samplesPerRow *= 2;
  }
}

function merged(rows: readonly Row[]): Row {
  const values = new Map<ColumnName, number>();
  const counts = new Map<ColumnName, number>();
  for (const row of rows) {
    for (const [name, value] of row.values) {
      if (!isAveraged(name)) values.set(name, value);
      else {
        values.set(name, (values.get(name) ?? 0) + value);
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
  }
  for (const [name, count] of counts) values.set(name, (values.get(name) ?? 0) / count);
  return { atEpochMs: rows.at(-1)?.atEpochMs ?? 0, values };
}

function mean(one: number, other: number): number {
  if (Number.isNaN(one)) return other;
  return Number.isNaN(other) ? one : (one + other) / 2;
}

function last(one: number, other: number): number {
  return Number.isNaN(other) ? one : other;
}
