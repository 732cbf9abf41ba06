import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Attributes, encode } from './attributes.ts';
import { NetlinkError } from './netlink-error.ts';

describe('Attributes', () => {
  test('reads back what was encoded, each by its type', () => {
    const attributes = Attributes.decode(
      Buffer.concat([
        encode.u8(1, 200),
        encode.u16(2, 60_000),
        encode.u32(3, 4_000_000_000),
        encode.s32(4, -5),
        encode.text(5, 'mptcp_pm'),
        encode.bytes(6, Buffer.from('0102030405060708', 'hex')),
      ]),
    );
    expect([
      attributes.u8(1),
      attributes.u16(2),
      attributes.u32(3),
      attributes.s32(4),
      attributes.text(5),
      attributes.u64(6),
      attributes.u16BigEndian(6),
    ]).toEqual([200, 60_000, 4_000_000_000, -5, 'mptcp_pm', 0x0807060504030201n, 0x0102]);
  });

  test('reads text to its first NUL, or to its end', () => {
    const attributes = Attributes.decode(
      Buffer.concat([encode.bytes(1, Buffer.from('a\0b')), encode.bytes(2, Buffer.from('ab'))]),
    );
    expect([attributes.text(1), attributes.text(2)]).toEqual(['a', 'ab']);
  });

  test('answers undefined for what is absent', () => {
    const attributes = Attributes.decode(encode.u32(900, 1));
    expect([attributes.u32(1), attributes.text(1), attributes.nested(1), attributes.list(1)]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
    ]);
  });

  test('finds a nest whether or not it carries the nested flag', () => {
    const inner = encode.u32(7, 42);
    const flagged = Attributes.decode(encode.nested(1, [inner]));
    const bare = Attributes.decode(encode.bytes(1, inner));
    expect([flagged.nested(1)?.u32(7), bare.nested(1)?.u32(7)]).toEqual([42, 42]);
  });

  test('lists the members of an array nest', () => {
    const array = encode.nested(7, [
      encode.nested(1, [encode.text(1, 'first')]),
      encode.nested(2, [encode.text(1, 'second')]),
    ]);
    const names = Attributes.decode(array)
      .list(7)
      .map((member) => member.text(1));
    expect(names).toEqual(['first', 'second']);
  });

  test('takes the last of two attributes of one type', () => {
    expect(Attributes.decode(Buffer.concat([encode.u8(1, 1), encode.u8(1, 2)])).u8(1)).toBe(2);
  });

  test.each([
    ['a length below the header', '0300010000000000'],
    ['a length beyond the end', '0900010000000000'],
  ])('refuses %s', (_, hex) => {
    expect(() => Attributes.decode(Buffer.from(hex, 'hex'))).toThrow(NetlinkError);
  });

  test('refuses a value shorter than its type', () => {
    expect(() => Attributes.decode(encode.u8(3, 1)).u32(3)).toThrow('attribute 3 has 1 bytes, at least 4 are needed');
  });

  test('any list of attributes comes back whole', () => {
    const entries = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 0x3fff }), fc.uint8Array({ maxLength: 40 })), {
      selector: ([type]) => type,
    });
    fc.assert(
      fc.property(entries, (list) => {
        const encoded = Buffer.concat(list.map(([type, value]) => encode.bytes(type, Buffer.from(value))));
        const decoded = Attributes.decode(encoded);
        expect(list.map(([type]) => decoded.bytes(type))).toEqual(list.map(([, value]) => Buffer.from(value)));
      }),
    );
  });
});
