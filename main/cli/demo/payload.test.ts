import { expect, test } from 'vitest';
import { payloadCapacity, payloadFraction } from './payload.ts';

test.each([
  [1500, '10.77.1.1', 'tcp', 1448 / 1514],
  [1500, '10.77.1.1', 'mptcp', 1428 / 1514],
  [1500, 'fd00::1', 'tcp', 1428 / 1514],
  [9000, '10.77.1.1', 'mptcp', 8928 / 9014],
  [40, '10.77.1.1', 'mptcp', 0],
] as const)('of a frame of MTU %d to %s, %s leaves so much', (mtu, address, protocol, fraction) => {
  expect(payloadFraction(mtu, address, protocol)).toBeCloseTo(fraction, 9);
});

test('links add up', () => {
  const link = { sourceAddress: '10.77.1.1', mtu: 1500, speedBitsPerSecond: 500e6 };
  expect(payloadCapacity([link, link], 'mptcp')).toBeCloseTo((1e9 * 1428) / 1514, 3);
});

test('a link of unknown speed makes the sum unknown', () => {
  const link = { sourceAddress: '10.77.1.1', mtu: 1500 };
  expect([payloadCapacity([{ ...link, speedBitsPerSecond: 1e9 }, link], 'tcp'), payloadCapacity([], 'tcp')]).toEqual([
    undefined,
    undefined,
  ]);
});
