import { expect, test } from 'vitest';
import { agoOf } from './ago.ts';

test.each([
  [-5000, 'just now'],
  [59_999, 'just now'],
  [60_000, '1 min ago'],
  [3_599_000, '59 min ago'],
  [3_600_000, '1 h ago'],
  [47 * 3_600_000, '47 h ago'],
  [49 * 3_600_000, '2 days ago'],
])('%d ms is %s', (elapsedMs, text) => {
  expect(agoOf(elapsedMs)).toBe(text);
});
