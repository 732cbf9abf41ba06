import { expect, test } from 'vitest';
import { speaksUnicode } from './console.ts';

test.each([
  [{}, true],
  [{ LANG: 'C' }, true],
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'en_US.utf8' }, true],
  [{ LANG: 'de_DE.ISO-8859-1' }, false],
  [{ LANG: 'de_DE.ISO-8859-15@euro' }, false],
  [{ LANG: 'de_DE.ISO-8859-1', LC_ALL: 'C.UTF-8' }, true],
  [{ LANG: 'C.UTF-8', LC_CTYPE: 'ja_JP.eucJP' }, false],
])('the locale %j speaks Unicode: %j', (environment, expected) => {
  expect(speaksUnicode(environment)).toBe(expected);
});
