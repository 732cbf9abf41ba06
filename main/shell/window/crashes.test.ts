import { expect, test } from 'vitest';
import { Crashes } from './crashes.ts';

test('three crashes within a minute are passed over, the fourth is not', () => {
  const crashes = new Crashes();
  expect([0, 1_000, 2_000, 3_000].map((at) => crashes.mayReload(at))).toEqual([true, true, true, false]);
});

test('crashes a long time apart are always passed over', () => {
  const crashes = new Crashes();
  expect([0, 30_000, 60_000, 90_000, 120_000].every((at) => crashes.mayReload(at))).toBe(true);
});

test('who asks for another try gets three', () => {
  const crashes = new Crashes();
  for (const at of [0, 1, 2, 3]) crashes.mayReload(at);
  crashes.forget();
  expect(crashes.mayReload(4)).toBe(true);
});
