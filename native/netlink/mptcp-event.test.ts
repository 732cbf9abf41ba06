import { expect, test } from 'vitest';
import { Attributes, encode } from './attributes.ts';
import { recording } from './fixtures/recorded.ts';
import { decodeGeneric } from './generic-family.ts';
import { decodeMessages } from './message.ts';
import { decodeMptcpEvent } from './mptcp-event.ts';

const recorded = recording('events').flatMap(decodeMessages).map(decodeGeneric).map(decodeMptcpEvent);

test('a withdrawn address and a short connection are reported in their order', () => {
  expect(recorded.map((event) => [event?.kind, event?.token, event?.remoteAddressId])).toEqual([
    ['removed', 1_699_897_854, 1],
    ['subflow-closed', 1_699_897_854, 1],
    ['created', 3_036_189_805, 0],
    ['established', 3_036_189_805, 0],
    ['announced', 3_036_189_805, 2],
    ['subflow-established', 3_036_189_805, 0],
    ['closed', 3_036_189_805, undefined],
  ]);
});

test('a subflow is reported with both its ends', () => {
  expect(recorded[1]).toEqual({
    kind: 'subflow-closed',
    token: 1_699_897_854,
    localAddressId: 1,
    remoteAddressId: 1,
    localAddress: '10.77.2.1',
    localPort: 41_171,
    remoteAddress: '10.77.2.2',
    remotePort: 4444,
    backup: false,
    errno: undefined,
    interfaceIndex: undefined,
    serverSide: false,
    deniesJoinToInitialAddress: false,
  });
});

test('a refused join carries the reason, its interface and what the peer forbids', () => {
  const attributes = Attributes.decode(Buffer.concat([encode.u8(12, 111), encode.s32(15, 3), encode.u16(13, 3)]));
  const event = decodeMptcpEvent({ command: 11, attributes });
  expect([event?.errno, event?.interfaceIndex, event?.serverSide, event?.deniesJoinToInitialAddress]).toEqual([
    111,
    3,
    true,
    true,
  ]);
});

test('an end in good order has no reason, and no interface where it was bound to none', () => {
  const attributes = Attributes.decode(Buffer.concat([encode.u8(12, 0), encode.s32(15, 0), encode.u8(18, 1)]));
  const event = decodeMptcpEvent({ command: 11, attributes });
  expect([event?.errno, event?.interfaceIndex, event?.serverSide]).toEqual([undefined, undefined, true]);
});

test('an event of a newer kernel is left out', () => {
  expect(decodeMptcpEvent({ command: 200, attributes: Attributes.decode(Buffer.alloc(0)) })).toBeUndefined();
});
