import { expect, test } from 'vitest';
import { bar } from './bar.ts';
import { glyphsFor } from './glyphs.ts';
import { paint } from './line.ts';

test.each([
  [-1, '──────────'],
  [0, '──────────'],
  [0.05, '╸─────────'],
  [0.5, '━━━━━─────'],
  [0.999, '━━━━━━━━━╸'],
  [1, '━━━━━━━━━━'],
  [7, '━━━━━━━━━━'],
])('%d of ten cells', (fraction, expected) => {
  expect(paint(bar(fraction, 10, 'accent', glyphsFor({ unicode: true })), { colours: false })).toBe(expected);
});

test('can be shown without Unicode', () => {
  expect(paint(bar(0.55, 10, 'accent', glyphsFor({ unicode: false })), { colours: false })).toBe('=====-....');
});
