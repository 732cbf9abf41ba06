import { expect, test } from 'vitest';
import { limitsIn, parseLimits } from './resource-limits.ts';

const text = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 524288               files
Max nice priority         0                    0
Max of a later kernel     1                    1
`;

test('reads each limit that has a name, soft and hard', () => {
  expect(limitsIn(text)).toEqual({ cpu: 'unlimited:unlimited', nofile: '1024:524288', nice: '0:0' });
});

test('limits are numbers for the kernel, or none', () => {
  expect(parseLimits({ nofile: '1024:524288', memlock: 'unlimited:unlimited' })).toEqual([
    { resource: 'nofile', soft: 1024n, hard: 524_288n },
    { resource: 'memlock', soft: undefined, hard: undefined },
  ]);
});
