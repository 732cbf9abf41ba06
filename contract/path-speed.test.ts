import { expect, test } from 'vitest';
import { carryingPaths, speedOfPaths } from './path-speed.ts';

const fast = { speedBitsPerSecond: 1e9, backup: undefined };
const slow = { speedBitsPerSecond: 1e7, backup: true as const };

test('a backup carries nothing beside another path', () => {
  expect([carryingPaths([fast, slow]), speedOfPaths([fast, slow, fast])]).toEqual([[fast], 2e9]);
});

test.each([
  ['there is no path', []],
  ['the speed of one is not known', [fast, {}]],
])('what all carry is not known where %s', (_, paths) => {
  expect(speedOfPaths(paths)).toBeUndefined();
});
