import { expect, test } from 'vitest';
import { qemu, sample, subflow } from '#renderer/testing/samples.ts';
import { BandDirectory } from './bands.ts';
import { rowOf, subflowStates, type ColumnName } from './row.ts';

function valuesOf(names: readonly ColumnName[], ...subflows: Parameters<typeof subflow>[]): (number | undefined)[] {
  const { values } = rowOf(sample(0, { subflows: subflows.map((one) => subflow(...one)) }), new BandDirectory());
  return names.map((name) => values.get(name));
}

test('what QEMU counts in pages is kept in bits', () => {
  const row = rowOf(sample(7, { qemu: qemu({ dirtyPagesPerSecond: 100 }) }), new BandDirectory());
  expect([row.atEpochMs, row.values.get('dirtyBitsPerSecond')]).toEqual([7, 100 * 4096 * 8]);
});

test('the dirty rate is not known before the end of the first iteration; later 0 is 0', () => {
  const dirtyRates = [1, 2].map((iteration) =>
    rowOf(sample(0, { qemu: qemu({ iteration }) }), new BandDirectory()).values.get('dirtyBitsPerSecond'),
  );
  expect(dirtyRates).toEqual([undefined, 0]);
});

test('a closed subflow and the one that took its place are one band: totals of both, state of the living', () => {
  const values = valuesOf(
    ['0.throughputBitsPerSecond', '0.bytesSent', '0.retransmits', '0.state', '0.rttUs'],
    [1, { id: 'd27c32f1/9', bytesSent: 10, retransmits: 1, rttUs: 500 }],
    [1, { id: 'd27c32f1/1', state: 'closed', bytesSent: 30, retransmits: 2, rttUs: 9_000 }],
  );
  expect(values).toEqual([400e6, 40, 3, subflowStates.indexOf('active'), 500]);
});

test('a closed subflow moves nothing and has no round-trip time', () => {
  const values = valuesOf(['0.throughputBitsPerSecond', '0.state', '0.rttUs'], [1, { state: 'closed' }]);
  expect(values).toEqual([0, subflowStates.indexOf('closed'), undefined]);
});
