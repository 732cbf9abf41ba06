import { expect, test } from 'vitest';
import { closingLine, sum, tallyOf, type FinishedModule, type FinishedTest } from './tally.ts';

test('counts tests by their end and keeps the reason of a skip', () => {
  const module = finished('a.test.ts', [
    { fullName: 'holds', attempts: once, result: () => ({ state: 'passed' }) },
    { fullName: 'breaks', attempts: once, result: () => ({ state: 'failed' }) },
    { fullName: 'needs root', attempts: () => [], result: () => ({ state: 'skipped', note: 'not root' }) },
  ]);
  expect(tallyOf([module], 0)).toEqual({
    passed: 1,
    failed: 1,
    skipped: [{ file: 'a.test.ts', name: 'needs root', reason: 'not root' }],
    secondTries: [],
  });
});

test('names what needed a second try, and why, whatever became of it', () => {
  const twice = (message?: string) => () => [
    { errors: message === undefined ? undefined : [{ message }] },
    { errors: undefined },
  ];
  const module = finished('a.live.test.ts', [
    { fullName: 'is late', attempts: twice('not seen in 6 s\nat x'), result: () => ({ state: 'passed' }) },
    { fullName: 'fails twice', attempts: twice(), result: () => ({ state: 'failed' }) },
    { fullName: 'holds', attempts: once, result: () => ({ state: 'passed' }) },
  ]);
  expect(tallyOf([module], 0).secondTries).toEqual([
    { file: 'a.live.test.ts', name: 'is late', reason: 'not seen in 6 s' },
    { file: 'a.live.test.ts', name: 'fails twice', reason: 'no error was kept' },
  ]);
});

test('a test whose worker died has failed', () => {
  const module = finished('a.test.ts', [
    { fullName: 'never ends', attempts: () => [], result: () => ({ state: 'pending' }) },
  ]);
  expect(tallyOf([module], 0).failed).toBe(1);
});

test('a file that does not load, a broken suite and a stray error are one failure each', () => {
  const broken: FinishedModule = {
    relativeModuleId: 'a.test.ts',
    errors: () => [new Error('no such module')],
    children: { allSuites: () => [{ errors: () => [new Error('beforeAll')] }], allTests: () => [] },
  };
  expect(tallyOf([broken], 1).failed).toBe(3);
});

test('the closing line sums the projects', () => {
  const skip = { file: 'b.live.test.ts', name: 'needs MPTCP', reason: undefined };
  const total = sum([
    { passed: 40, failed: 0, skipped: [], secondTries: [] },
    { passed: 2, failed: 1, skipped: [skip], secondTries: [] },
  ]);
  expect(closingLine(total)).toBe('42 passed, 1 failed, 1 skipped');
});

const once = () => [{ errors: undefined }];

function finished(relativeModuleId: string, tests: readonly FinishedTest[]): FinishedModule {
  return { relativeModuleId, errors: () => [], children: { allSuites: () => [], allTests: () => tests } };
}
