import { expect, test } from 'vitest';
import { beforeNow, marksFrom, sinceStart } from './time-axis.ts';

test('a chart that follows counts back from now', () => {
  expect([100, 70, 40, -25].map((second) => beforeNow(second, 100))).toEqual(['now', '−30 s', '−1:00', '−2:05']);
});

test('a whole run counts from its start', () => {
  expect([10, 51, 3_732].map((second) => sinceStart(second, 10))).toEqual(['0:00', '0:41', '1:02:02']);
});

test('marks are round distances from the origin, no more than fit, and none in the corner', () => {
  expect([marksFrom(100, 40, 100, 600), marksFrom(0, 7, 95, 200)]).toEqual([[50, 60, 70, 80, 90, 100], [60]]);
});
