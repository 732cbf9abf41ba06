import { expect, test } from 'vitest';
import { BandDirectory } from '#renderer/telemetry/bands.ts';
import { subflow } from '#renderer/testing/samples.ts';
import { stackOrder } from './throughput-chart.ts';

test('the subflows of a path lie together, and only the highest of them is filled', () => {
  const bands = new BandDirectory();
  for (const connection of ['aa', 'bb'])
    for (const link of [1, 2]) bands.bandOf(subflow(link, { id: `${connection}/${link}` }));
  expect(stackOrder(bands).map(({ band, isTopOfPath }) => [bands.nameOf(band), isTopOfPath])).toEqual([
    ['eth1 · 1', false],
    ['eth1 · 2', true],
    ['eth2 · 1', false],
    ['eth2 · 2', true],
  ]);
});
