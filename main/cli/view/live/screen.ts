import type { Terminal } from '#main/cli/console.ts';
import { lineWidth, paint, type Line } from '#main/cli/view/line.ts';

/** Control sequences (ECMA-48; 2026 is the terminals' own "synchronized output", which others ignore). */
const sequences = {
  up: (rows: number): string => (rows > 0 ? `\u001B[${rows}A` : ''),
  clearToLineEnd: '\u001B[K',
  clearBelow: '\u001B[J',
  hold: '\u001B[?2026h',
  release: '\u001B[?2026l',
};

/**
 * The lower part of a terminal, redrawn in place. Each change is one write, which overwrites and never blanks first, so
 * that nothing flickers; what was printed before stays above and can be scrolled back to.
 */
export class Screen {
  readonly #terminal: Terminal;
  #drawn: readonly Line[] = [];
  #shown = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.showCursor(false);
  }

  /** Replaces the picture. Skipped while the last one is still on its way, or when nothing has changed. */
  draw(lines: readonly Line[]): void {
    if (this.#terminal.busy) return;
    const rows = lines.map((line) => paint(line, this.#terminal));
    const shown = `${this.#terminal.columns}\n${rows.join('\n')}`;
    if (shown === this.#shown) return;
    this.#replaceBy(rows);
    this.#drawn = lines;
    this.#shown = shown;
  }

  /** Prints a line above the picture, for good. */
  print(text: string): void {
    this.#replaceBy([text]);
    this.#forget();
  }

  /** Takes the picture away and gives the cursor back. */
  close(): void {
    this.#replaceBy([]);
    this.#forget();
    this.#terminal.showCursor(true);
  }

  #replaceBy(rows: readonly string[]): void {
    const text = rows.map((row) => `${row}${sequences.clearToLineEnd}\r\n`).join('');
    const { hold, up, clearBelow, release } = sequences;
    this.#terminal.write(`${hold}\r${up(this.#rowsDrawn())}${text}${clearBelow}${release}`);
  }

  /** A terminal that has become narrower has folded the lines that no longer fit. */
  #rowsDrawn(): number {
    const { columns } = this.#terminal;
    return this.#drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(lineWidth(line) / columns)), 0);
  }

  #forget(): void {
    this.#drawn = [];
    this.#shown = '';
  }
}
