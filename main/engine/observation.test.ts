import { expect, test } from 'vitest';
import { hasGoneBack, runs, says, statusOf } from './observation.ts';
import { answering, gone, silent, unreachable } from './simulation/states.ts';

const unseen = [{ kind: 'unasked' as const }, silent, unreachable, gone];

test('a guest runs where its QEMU answers that it does', () => {
  const seen = [answering('running', 'none'), answering('paused', 'none'), ...unseen];
  expect(seen.map(runs)).toEqual([true, false, false, false, false, false]);
});

test('a migration has the status that its QEMU answers with', () => {
  expect([answering('running', 'active'), ...unseen].map(statusOf)).toEqual(['active', ...unseen.map(() => undefined)]);
});

test.each([
  ['failed', true],
  ['cancelled', true],
  ['failing', false],
  ['cancelling', false],
  ['none', false],
])('%s: the migration has been given up: %s', (status, expected) => {
  expect(hasGoneBack(answering('running', status))).toBe(expected);
});

test('a QEMU that does not answer has given nothing up', () => {
  expect(unseen.map(hasGoneBack)).toEqual(unseen.map(() => false));
});

test('a QEMU that does not answer says nothing', () => {
  expect(
    [answering('running', 'active'), answering('running', 'setup'), silent].map((each) => says(each, 'active')),
  ).toEqual([true, false, false]);
});
