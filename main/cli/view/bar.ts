import type { Fraction } from '#contract/units.ts';
import type { Glyphs } from './glyphs.ts';
import { span, type Line, type Tone } from './line.ts';

/** A bar of exactly so many cells, in steps of half a cell; full only when everything is there. */
export function bar(fraction: Fraction, width: number, tone: Tone, glyphs: Glyphs): Line {
  const halves = Math.floor(Math.min(1, Math.max(0, fraction)) * width * 2);
  const done = glyphs.barFull.repeat(Math.floor(halves / 2)) + (halves % 2 === 1 ? glyphs.barHalf : '');
  return [span(done, tone), span(glyphs.barRest.repeat(width - done.length), 'faint')];
}
