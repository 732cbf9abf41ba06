import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainText } from './plain-text.ts';

test.for([
  ['two\nlines', 'two lines'],
  ['  around \t', 'around'],
  ['red\u001b[31mtext', 'red\ufffd[31mtext'],
  ['user\u202Etxt.exe', 'usertxt.exe'],
  ['naïve Größe 表', 'naïve Größe 表'],
] as const)('%j reads %j', ([text, plain]) => {
  expect(plainText(text)).toBe(plain);
});

test('no text of any host becomes two lines or drives a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(plainText(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});
