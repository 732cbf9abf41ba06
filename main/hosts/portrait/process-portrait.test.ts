import { expect, test } from 'vitest';
import { threadOf } from './process-portrait.ts';

const status = 'Name:\tCPU 0/TCG\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\nMems_allowed_list:\t0\n';
const machine = { processors: [0, 1, 2, 3], memoryNodes: [0] };

test('reads where a thread may run and how it is scheduled, behind a name with blanks and brackets', () => {
  const stat = `7 (a) b) S 1 ${'0 '.repeat(14)}-5 1 0 ${'0 '.repeat(17)}0 40 1 0`;
  expect(threadOf('vCPU 0', 7, { status, stat }, machine)).toEqual({
    role: 'vCPU 0',
    id: 7,
    processors: '0-1',
    memoryNodes: 'every memory node',
    niceness: -5,
    policy: 'fifo',
    priority: 40,
  });
});

test('a policy without a name here has none', () => {
  const stat = `7 (a) S 1 ${'0 '.repeat(14)}0 1 0 ${'0 '.repeat(17)}0 0 9 0`;
  expect(threadOf('vCPU 0', 7, { status, stat }, machine)?.policy).toBe('');
});

test('a thread that has ended is left out', () => {
  expect(threadOf('vCPU 0', 7, { status: '', stat: '' }, machine)).toBeUndefined();
});
