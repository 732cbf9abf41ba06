import { plainText } from '#contract/plain-text.ts';
import { textWidth } from './text-width.ts';

export interface Column {
  readonly title: string;
  /** The highest goes first where there is not room for all; without one, a column always stays. */
  readonly dropOrder?: number;
}

export interface TableOptions {
  /** In cells; a table that cannot be made narrow enough is wider. */
  readonly width?: number;
}

const gap = 2;

/** A monitor's path has at most 107, an id 21; a name that is longer would push all else from the screen. */
const mostCellCharacters = 160;

/** Columns padded to their widest cell; the last one runs on. */
export function table(
  columns: readonly (Column | string)[],
  rows: readonly (readonly string[])[],
  { width = Infinity }: TableOptions = {},
): string {
  const measured = columns.map((column, index) => {
    const { title, dropOrder } = typeof column === 'string' ? { title: column } : column;
    const cells = rows.map((row) => plainText(row[index] ?? '', mostCellCharacters));
    return { dropOrder, cells: [title, ...cells], width: Math.max(...[title, ...cells].map(textWidth)) };
  });
  const shown = fitted(measured, width);
  return [undefined, ...rows]
    .map((_, line) => shown.map((column) => padded(column.cells[line] ?? '', column.width)).join(' '.repeat(gap)))
    .map((line) => line.trimEnd())
    .join('\n');
}

function fitted<Measured extends { readonly dropOrder: number | undefined; readonly width: number }>(
  columns: readonly Measured[],
  width: number,
): readonly Measured[] {
  const total = columns.reduce((sum, column) => sum + column.width + gap, -gap);
  const first = Math.max(...columns.map(({ dropOrder }) => dropOrder ?? -Infinity));
  if (total <= width || first === -Infinity) return columns;
  return fitted(
    columns.filter(({ dropOrder }) => dropOrder !== first),
    width,
  );
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(width - textWidth(text));
}
