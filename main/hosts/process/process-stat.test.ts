import { describe, expect, test } from 'vitest';
import { hasEnded, parseProcessStat } from './process-stat.ts';

const tail = '1 417 417 0 -1 4194560 9112 0 3 0 81 22 0 0 20 0 6 0 123456 900 500 18446744073709551615 1 1 0 0 0';

describe('parseProcessStat', () => {
  test.each(['qemu-system-x86', 'a b', ') S 1 (', ''])('reads past the name %j', (name) => {
    expect(parseProcessStat(`417 (${name}) S ${tail}\n`)).toEqual({
      pid: 417,
      state: 'S',
      threads: 6,
      startTimeTicks: 123_456,
    });
  });

  test.each(['', '417', '417 (cut) S 1 2', 'x (y) S 1', `417 (cut) S ${tail.split(' ').slice(0, 18).join(' ')}`])(
    'refuses %j',
    (text) => {
      expect(parseProcessStat(text)).toBeUndefined();
    },
  );
});

test.each([
  ['S', 6, false],
  ['T', 1, false],
  ['Z', 3, false],
  ['Z', 1, true],
  ['X', 0, true],
])('state %s with %i threads: ended is %s', (state, threads, expected) => {
  expect(hasEnded({ pid: 1, state, threads, startTimeTicks: 1 })).toBe(expected);
});
