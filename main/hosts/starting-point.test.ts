import { expect, test } from 'vitest';
import { emptyPortrait } from '#main/likeness/portrait.ts';
import type { ProcessOrder } from '#main/likeness/process-order.ts';
import { preludeOf } from './starting-point.ts';

const own = {
  ...emptyPortrait.process,
  limits: { memlock: '100:200', nofile: '100:200', core: 'unlimited:unlimited' },
};

function preludeFor(order: Partial<ProcessOrder>) {
  return preludeOf({ threads: [], limits: {}, findings: [], ...order }, own);
}

test('a limit above our own is set before the program begins, and a lower one after it', () => {
  const limits = { memlock: '100:unlimited', nofile: '50:150', core: '0:unlimited' };
  expect(preludeFor({ limits })).toEqual([{ tool: 'prlimit', args: ['--memlock=100:unlimited'] }]);
});

test('a soft limit above our own is set before the program begins', () => {
  expect(preludeFor({ limits: { nofile: '150:200' } })).toEqual([{ tool: 'prlimit', args: ['--nofile=150:200'] }]);
});

test('the main thread begins on its processors, where memory is allocated first', () => {
  const threads = [
    { role: 'main thread', processors: [0, 2] },
    { role: 'vCPU 0', processors: [1] },
  ];
  expect(preludeFor({ threads })).toEqual([{ tool: 'taskset', args: ['-c', '0,2'] }]);
});
