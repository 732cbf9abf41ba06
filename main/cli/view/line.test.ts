import { expect, test } from 'vitest';
import { cutLine, justified, padLine, paint, span, type Line } from './line.ts';

const line: Line = [span('guest', 'strong'), span(' moves')];
const text = (shown: Line): string => paint(shown, { colours: false });

test.each([
  [11, 'guest moves'],
  [10, 'guest mov…'],
  [6, 'guest…'],
  [5, 'gues…'],
  [1, '…'],
  [0, ''],
])('cut to %d cells', (width, expected) => {
  expect(text(cutLine(line, width, '…'))).toBe(expected);
});

test('padded to a width, by spaces without a tone', () => {
  expect(padLine(line, 13, '…')).toEqual([...line, span('  ')]);
});

test('one piece at each edge', () => {
  expect(text(justified(line, [span('copying')], 22, '…'))).toBe('guest moves    copying');
});

test('where two pieces meet, the left one is cut', () => {
  expect(text(justified(line, [span('copying')], 16, '…'))).toBe('guest m… copying');
});

test('tones become colours', () => {
  expect(paint([span('ok', 'good'), span('!')], { colours: true })).toBe('\u001B[32mok\u001B[39m!');
});

test('without colours only the text is left', () => {
  expect(paint([span('ok', 'good'), span('!')], { colours: false })).toBe('ok!');
});
