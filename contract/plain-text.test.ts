import { array, assert, constantFrom, oneof, property, string, type Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import {
  boundedName,
  plainLines,
  asSentence,
  plainName,
  plainText,
  shellWord,
  visible,
  visibleData,
  visibleJson,
} from './plain-text.ts';
import { unseenCharacters, unseenIn } from './testing/odd-names.ts';

/** Any name that a user may give to a guest. */
const texts: Arbitrary<string> = oneof(
  string({ unit: 'binary' }),
  array(oneof(constantFrom(...unseenCharacters), string()), { maxLength: 20 }).map((parts) => parts.join('')),
  constantFrom('x'.repeat(5000), '\u{1f600}'.repeat(5000), '\ud800'.repeat(5000)),
);

test.for([
  ['two\nlines', 'two lines'],
  ['  around \t', 'around'],
  ['red\u001b[31mtext', String.raw`red\u001b[31mtext`],
  ['\u009b31m', String.raw`\u009b31m`],
  ['user\u202Etxt.exe', String.raw`user\u202etxt.exe`],
  ['zero\u200bwidth', String.raw`zero\u200bwidth`],
  ['tag\u{e0041}', String.raw`tag\u{e0041}`],
  ['half \ud83d of it', String.raw`half \ud83d of it`],
  ['naïve Größe 表 😀', 'naïve Größe 表 😀'],
] as const)('%j reads %j', ([text, plain]) => {
  expect(plainText(text)).toBe(plain);
});

test('no text of any host becomes two lines, drives a terminal, hides anything, or continues for ever', () => {
  assert(
    property(texts, (text) => {
      const plain = plainText(text);
      expect([unseenIn(plain, ''), plain.isWellFormed(), plain.length <= 2000]).toEqual([undefined, true, true]);
    }),
  );
});

test('a name leaves room for the sentence around it', () => {
  assert(
    property(texts, (text) => {
      expect(plainName(text).length).toBeLessThanOrEqual(80);
    }),
  );
});

test('a name as data is cut only where no file could have it', () => {
  expect(['x'.repeat(255), 'x'.repeat(256), '\u202e'].map(boundedName)).toEqual([
    'x'.repeat(255),
    `${'x'.repeat(254)}…`,
    '\u202e',
  ]);
});

test('text of several lines keeps them, and nothing else that is not seen', () => {
  assert(
    property(texts, (text) => {
      expect(unseenIn(visible(text), '\t\n')).toBe(undefined);
    }),
  );
});

test('text that may be shown only in part is cut between characters', () => {
  expect([visible('ab\u{1f600}', 3), visible('ab', 3)]).toEqual(['ab', 'ab']);
});

test('what a program said is shown from its end', () => {
  const said = Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n\n');
  expect(plainLines(said, 2)).toEqual(['(98 lines before)', 'line 98', 'line 99']);
  expect(plainLines('one\n\ntwo\r\n')).toEqual(['one', 'two']);
});

test('data is the same but for its strings', () => {
  const data = { name: 'a\u202eb', many: ['\u009b', 7, true, undefined, null], nested: { 'k\u0007': 'plain' } };
  expect(visibleData(data)).toEqual({
    name: String.raw`a\u202eb`,
    many: [String.raw`\u009b`, 7, true, undefined, null],
    nested: { [String.raw`k\u0007`]: 'plain' },
  });
});

test('JSON shows no such character and decodes to the same data', () => {
  assert(
    property(texts, (text) => {
      const json = visibleJson(JSON.stringify({ text }));
      expect([unseenIn(json, ''), JSON.parse(json)]).toEqual([undefined, { text }]);
    }),
  );
});

test.for([
  ['eth0', 'eth0'],
  ['10.0.0.1/24', '10.0.0.1/24'],
  ['a b', "'a b'"],
  ['$(reboot)', "'$(reboot)'"],
  ["it's", String.raw`'it'\''s'`],
  ['-rf', "'-rf'"],
  ['', "''"],
  ['a  b', String.raw`$'a\x20\x20b'`],
  ['a\nb\tc', String.raw`$'a\nb\tc'`],
  ["\u001b'\\", String.raw`$'\u001b\'\\'`],
  ['\u{e0041}', String.raw`$'\U000e0041'`],
] as const)('%j is the word %s of a command', ([text, word]) => {
  expect(shellWord(text)).toBe(word);
});

test('a word of a command stays one when it is printed', () => {
  assert(
    property(texts, (text) => {
      const word = shellWord(text.slice(0, 200));
      expect(plainText(word, 100_000)).toBe(word);
    }),
  );
});

test.each([
  ['File exists', 'File exists.'],
  ['no such file\n', 'no such file.'],
  ['It is gone.', 'It is gone.'],
  ['Is it?', 'Is it?'],
])('%j is a sentence as %j', (text, sentence) => {
  expect(asSentence(text)).toBe(sentence);
});
