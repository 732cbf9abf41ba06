import { expect, test } from 'vitest';
import { kernelLocks } from './lock-table.ts';

const nobody = 2 ** 31 - 1;

test('this kernel lists locks and processes, and none of a process that is not there', () => {
  expect({
    all: Array.isArray(kernelLocks.all()),
    ours: kernelLocks.of(process.pid).every(({ file }) => /^[\da-f]+:[\da-f]+:\d+$/.test(file)),
    isListed: kernelLocks.processes().includes(process.pid),
    ofNobody: kernelLocks.of(nobody),
  }).toEqual({ all: true, ours: true, isListed: true, ofNobody: [] });
});
