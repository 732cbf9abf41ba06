import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessages, encodeMessage, type NetlinkMessage } from './message.ts';
import { NetlinkError } from './netlink-error.ts';

const messages: fc.Arbitrary<NetlinkMessage> = fc.record({
  type: fc.integer({ min: 0, max: 0xffff }),
  flags: fc.integer({ min: 0, max: 0xffff }),
  sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
  payload: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
});

describe('decodeMessages', () => {
  test('reads any messages back in their order', () => {
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 5 }), (list) => {
        expect(decodeMessages(Buffer.concat(list.map(encodeMessage)))).toEqual(list);
      }),
    );
  });

  test.each([
    ['fewer bytes than a header', Buffer.alloc(15)],
    ['a length below the header', Buffer.alloc(16)],
    ['a length beyond the datagram', Buffer.concat([Buffer.of(17), Buffer.alloc(15)])],
    ['a length beyond 2 GiB', Buffer.concat([Buffer.of(0xff, 0xff, 0xff, 0xff), Buffer.alloc(12)])],
  ])('refuses %s', (_, datagram) => {
    expect(() => decodeMessages(datagram)).toThrow(NetlinkError);
  });

  test('accepts a last message without its padding', () => {
    const message: NetlinkMessage = { type: 1, flags: 0, sequence: 0, payload: Buffer.from('abc') };
    expect(decodeMessages(encodeMessage(message).subarray(0, 19))).toEqual([message]);
  });
});
