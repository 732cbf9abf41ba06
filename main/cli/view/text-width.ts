/**
 * Cells that a text takes on a terminal: none for combining marks, two for East Asian wide characters and emoji (Unicode
 * Standard Annex 11, classes W and F, by their blocks). Control characters must have been taken out before.
 */
export function textWidth(text: string): number {
  if (singleCells.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The longest beginning that fits, in whole characters. */
export function beginning(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Nearly all that is ever drawn: ASCII, and what bars are made of. */
const singleCells = /^[\u0020-\u007e─━╸→…✓]*$/;
const invisible = /^[\p{Mark}\p{Format}]/u;
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;

function graphemeWidth(grapheme: string): number {
  if (invisible.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}
