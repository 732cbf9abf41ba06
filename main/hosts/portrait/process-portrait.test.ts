import { expect, test } from 'vitest';
import { attributesOfStatus, niceOf } from './process-portrait.ts';

test('reads which processors and memory nodes a process may use', () => {
  const status = 'Name:\tqemu\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\nMems_allowed_list:\t0\n';
  expect(attributesOfStatus(status)).toEqual({ processors: '0-1', 'memory nodes': '0' });
});

test('reads the niceness behind a name with blanks and brackets', () => {
  const stat = `7 (a) b) S 1 ${'0 '.repeat(14)}-5 1 0`;
  expect([niceOf(stat), niceOf('')]).toEqual([{ niceness: '-5' }, {}]);
});
