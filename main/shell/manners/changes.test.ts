import { expect, test } from 'vitest';
import { changesBetween } from './changes.ts';
import { exampleRow } from './testing/example-row.ts';

const [first, second] = ['20261122T120250Z-0001', '20261122T120250Z-0002'];

test('what runs is what a process manages', () => {
  const running = exampleRow({ id: first });
  const abandoned = exampleRow({ id: second, managed: false });
  expect(changesBetween([], [running, abandoned])).toEqual({ running: [running], ended: [] });
});

test('the end of what was under way is news', () => {
  const ended = exampleRow({ open: false, managed: false });
  expect(changesBetween([exampleRow()], [ended])).toEqual({ running: [], ended: [ended] });
});

test('the end of something that was never seen under way is history', () => {
  const ended = exampleRow({ open: false, managed: false });
  expect([changesBetween([], [ended]), changesBetween([ended], [ended])]).toEqual([
    { running: [], ended: [] },
    { running: [], ended: [] },
  ]);
});
