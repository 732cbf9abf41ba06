import { expect, test } from 'vitest';
import { examplePlan, subflowAt } from '#main/export/testing/example-migration.ts';
import { pathRows } from './path-rows.ts';

const { paths } = examplePlan();

test('a line per subflow, with the speed of its link', () => {
  expect(pathRows([subflowAt(1), subflowAt(2, { shareFraction: 0.25, rttUs: 100 })], paths)).toEqual([
    {
      name: 'eth1',
      throughputBitsPerSecond: 450e6,
      shareFraction: 0.5,
      rttUs: 2800,
      speedBitsPerSecond: 500e6,
      state: 'active',
    },
    {
      name: 'eth2',
      throughputBitsPerSecond: 450e6,
      shareFraction: 0.25,
      rttUs: 100,
      speedBitsPerSecond: 500e6,
      state: 'active',
    },
  ]);
});

test('a closed subflow is shown until another goes the same way', () => {
  const closed = subflowAt(1, { id: 'd27c32f1/1', state: 'closed' });
  const next = subflowAt(1, { id: 'd27c32f1/3' });
  const states = (...subflows: Parameters<typeof pathRows>[0][number][]): string[] =>
    pathRows(subflows, paths).map(({ state }) => state);
  expect([states(closed, subflowAt(2)), states(closed, subflowAt(2), next)]).toEqual([
    ['closed', 'active'],
    ['active', 'active'],
  ]);
});

test('two ways out of one interface say where they go', () => {
  const crossed = subflowAt(1, { id: 'd27c32f1/3', remoteAddress: '10.0.2.2' });
  expect(pathRows([subflowAt(1), crossed, subflowAt(2)], paths).map(({ name }) => name)).toEqual([
    'eth1 to 10.0.1.2',
    'eth1 to 10.0.2.2',
    'eth2',
  ]);
});

test('many parallel connections become a line per way, in the state of the worst', () => {
  const connections = Array.from({ length: 5 }, (_, number) => [
    subflowAt(1, { id: `${number}/1`, shareFraction: 0.1 }),
    subflowAt(2, { id: `${number}/2`, shareFraction: 0.1, state: number === 3 ? 'stale' : 'active', rttUs: number }),
  ]).flat();
  expect(pathRows(connections, paths)).toEqual([
    {
      name: 'eth1 x5',
      throughputBitsPerSecond: 2250e6,
      shareFraction: 0.5,
      rttUs: 2800,
      speedBitsPerSecond: 500e6,
      state: 'active',
    },
    {
      name: 'eth2 x5',
      throughputBitsPerSecond: 2250e6,
      shareFraction: 0.5,
      rttUs: 2,
      speedBitsPerSecond: 500e6,
      state: 'stale',
    },
  ]);
});

test('without a known link there is no speed', () => {
  expect(pathRows([subflowAt(1)], []).map(({ speedBitsPerSecond }) => speedBitsPerSecond)).toEqual([undefined]);
});
