/** Characters for drawing, as the terminal's character set allows. */
export interface Glyphs {
  readonly barFull: string;
  readonly barHalf: string;
  readonly barRest: string;
  readonly arrow: string;
  readonly ellipsis: string;
}

const unicode: Glyphs = { barFull: '━', barHalf: '╸', barRest: '─', arrow: '→', ellipsis: '…' };
const ascii: Glyphs = { barFull: '=', barHalf: '-', barRest: '.', arrow: '->', ellipsis: '~' };

export function glyphsFor(terminal: { readonly unicode: boolean }): Glyphs {
  return terminal.unicode ? unicode : ascii;
}
