import { expect, test } from 'vitest';
import { decodeSubflowAddresses, splitArray, splitSubflowArray } from './mptcp-subflow-arrays.ts';
import { encodeSocketAddress } from './socket-address.ts';

function answer(strideBytes: number, elements: readonly Buffer[], claimed = elements.length): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16, 0);
  header.writeUInt32LE(claimed, 4);
  header.writeUInt32LE(strideBytes, 8);
  header.writeUInt32LE(strideBytes, 12);
  return Buffer.concat([header, ...elements]);
}

test('elements lie as far apart as the kernel says, not as was asked for', () => {
  const elements = [Buffer.alloc(280, 1), Buffer.alloc(280, 2)];
  expect(splitSubflowArray(answer(280, elements))).toEqual(elements);
});

test('more subflows than slots: what fits is read', () => {
  const elements = [Buffer.alloc(280, 1), Buffer.alloc(280, 2)];
  expect(splitSubflowArray(answer(280, elements, 9))).toEqual(elements);
});

test('an element that was cut short is left out', () => {
  expect(splitSubflowArray(answer(280, [Buffer.alloc(280, 1), Buffer.alloc(279, 2)]))).toEqual([Buffer.alloc(280, 1)]);
});

test('an answer without a header is empty', () => {
  expect(splitSubflowArray(Buffer.alloc(15))).toEqual([]);
});

test('a distance of 0 does not read for ever', () => {
  expect(splitArray(Buffer.alloc(64), 1000, 0)).toEqual([]);
});

test('a pair of addresses', () => {
  const local = { family: 'ipv4', address: '10.77.1.1', port: 59_500 } as const;
  const remote = { family: 'ipv6', address: '2001:db8::2', port: 4444 } as const;
  const bytes = Buffer.alloc(256);
  bytes.set(encodeSocketAddress(local), 0);
  bytes.set(encodeSocketAddress(remote), 128);
  expect(decodeSubflowAddresses(bytes)).toEqual({ local, remote });
});
