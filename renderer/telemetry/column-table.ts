import type { ColumnName, Row } from './row.ts';

/** Columns of a fixed height that appear as they are first written to; unwritten cells are NaN. */
export class ColumnTable {
  readonly #height: number;
  readonly #columns = new Map<ColumnName, Float64Array>();
  readonly #times: Float64Array;

  constructor(height: number) {
    this.#height = height;
    this.#times = new Float64Array(height);
  }

  get times(): Float64Array {
    return this.#times;
  }

  get entries(): Iterable<readonly [ColumnName, Float64Array]> {
    return this.#columns;
  }

  column(name: ColumnName): Float64Array | undefined {
    return this.#columns.get(name);
  }

  write(index: number, { atEpochMs, values }: Row): void {
    this.#times[index] = atEpochMs;
    for (const column of this.#columns.values()) column[index] = Number.NaN;
    for (const [name, value] of values) this.#madeFor(name)[index] = value;
  }

  #madeFor(name: ColumnName): Float64Array {
    const known = this.#columns.get(name);
    if (known) return known;
    const made = new Float64Array(this.#height).fill(Number.NaN);
    this.#columns.set(name, made);
    return made;
  }
}
