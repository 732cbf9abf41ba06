import { ColumnTable } from './column-table.ts';
import type { Columns } from './columns.ts';
import type { ColumnName, Row } from './row.ts';

/**
 * The last `capacity` rows as they came. Twice that height, so that a view is always one stretch of memory: when the end
 * is reached the younger half moves to the front.
 */
export class RecentColumns implements Columns {
  readonly #capacity: number;
  readonly #table: ColumnTable;
  #end = 0;
  #movedOut = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#table = new ColumnTable(capacity * 2);
  }

  get length(): number {
    return Math.min(this.#end, this.#capacity);
  }

  get firstRow(): number {
    return this.#movedOut + this.#start;
  }

  get atEpochMs(): Float64Array {
    return this.#table.times.subarray(this.#start, this.#end);
  }

  column(name: ColumnName): Float64Array | undefined {
    return this.#table.column(name)?.subarray(this.#start, this.#end);
  }

  push(row: Row): void {
    if (this.#end === this.#capacity * 2) this.#moveToFront();
    this.#table.write(this.#end, row);
    this.#end += 1;
  }

  get #start(): number {
    return Math.max(0, this.#end - this.#capacity);
  }

  #moveToFront(): void {
    this.#table.times.copyWithin(0, this.#capacity);
    for (const [, column] of this.#table.entries) column.copyWithin(0, this.#capacity);
    this.#movedOut += this.#capacity;
    this.#end = this.#capacity;
  }
}
