import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linesOf, mostLineBytes } from './lines-of.ts';
import { openPlainFile } from './plain-file.ts';

let directory = '';
let path = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-lines-'));
  path = join(directory, 'file');
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function linesIn(text: string, fromByte?: number): string[] {
  writeFileSync(path, text);
  using file = openPlainFile(path);
  return [...linesOf(file, fromByte)];
}

test('lines come whole, whatever chunk they begin and end in', () => {
  // Long enough for several chunks; of characters that a cut in the middle would spoil.
  const line = tuple(integer({ min: 0, max: 90_000 }), constantFrom('a', 'é', '😀'));
  assert(
    property(array(line, { maxLength: 8 }), (lines) => {
      const texts = lines.map(([length, character]) => character.repeat(length / character.length));
      expect(linesIn(texts.map((text) => `${text}\n`).join(''))).toEqual(texts);
    }),
    { numRuns: 30 },
  );
});

test('the last line counts also without its end, and a place to begin cuts the first', () => {
  expect([linesIn('one\ntwo'), linesIn('one\ntwo\n', 2)]).toEqual([
    ['one', 'two'],
    ['e', 'two'],
  ]);
});

test('a line that is longer than any of ours comes as an empty one, and those after it as they are', () => {
  const tooLong = 'x'.repeat(mostLineBytes + 1);
  expect([linesIn(`${tooLong}\nnext\n`), linesIn(`a\n${tooLong.repeat(3)}\nb\n${tooLong}`)]).toEqual([
    ['', 'next'],
    ['a', '', 'b', ''],
  ]);
});

test('a file that is cut short meanwhile ends there', () => {
  writeFileSync(path, 'x\n'.repeat(300_000));
  using file = openPlainFile(path);
  let count = 0;
  for (const line of linesOf(file)) {
    count += line.length;
    truncateSync(path, 0);
  }
  expect(count).toBe(131_072);
});
