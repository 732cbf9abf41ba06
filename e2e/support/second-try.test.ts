import { expect, test } from 'vitest';
import { safetyMark, unlessSafetyFailed } from './second-try.ts';

test.each([
  ['not seen in 6 s: {}', true],
  ['expected [ 1 ] to deeply equal [ 2 ]', true],
  ['', true],
  [`${safetyMark}both copies ran`, false],
  [`${safetyMark}the memory\nhas a second line`, false],
])('%j may be tried again: %s', (message, again) => {
  expect(unlessSafetyFailed.test(message)).toBe(again);
});
