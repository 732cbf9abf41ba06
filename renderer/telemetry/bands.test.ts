import { expect, test } from 'vitest';
import { subflow } from '#renderer/testing/samples.ts';
import { BandDirectory } from './bands.ts';

test('a subflow that was joined again on its path stays on its band', () => {
  const bands = new BandDirectory();
  const before = bands.bandOf(subflow(1, { id: 'd27c32f1/1' }));
  const after = bands.bandOf(subflow(1, { id: 'd27c32f1/7', localPort: 51_000 }));
  expect(after).toBe(before);
});

test('parallel connections on one path are bands of one colour, distinguished by name', () => {
  const bands = new BandDirectory();
  const all = [
    bands.bandOf(subflow(1, { id: 'aa/0' })),
    bands.bandOf(subflow(2, { id: 'aa/1' })),
    bands.bandOf(subflow(1, { id: 'bb/0' })),
  ];
  expect(all.map((band) => [band.index, band.pathIndex, bands.nameOf(band)])).toEqual([
    [0, 0, 'eth1 · 1'],
    [1, 1, 'eth2 · 1'],
    [2, 0, 'eth1 · 2'],
  ]);
});

test('with one connection the interface is the name; without an interface, the address', () => {
  const bands = new BandDirectory();
  const { interface: _gone, ...nameless } = subflow(2);
  expect([bands.bandOf(subflow(1)), bands.bandOf(nameless)].map((band) => bands.nameOf(band))).toEqual([
    'eth1',
    '10.0.2.1',
  ]);
});
