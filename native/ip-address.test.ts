import { SocketAddress } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';

const addressBytes = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // Mostly zeros: where the short forms of IPv6 are decided.
  fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
);

test('bytes survive the way through text', () => {
  fc.assert(
    fc.property(addressBytes, (bytes) => {
      expect(parseIpAddress(formatIpAddress(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
});

test('every spelling that Node accepts means the same bytes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), (text) => {
      const family = text.includes(':') ? 'ipv6' : 'ipv4';
      const canonical = new SocketAddress({ address: text, family }).address;
      expect(parseIpAddress(text)).toEqual(parseIpAddress(canonical));
    }),
  );
});

// RFC 5952, section 4, by its own rules.
test.each([
  ['2001:0db8:0:0:0:0:0:0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:DB8::ABCD', '2001:db8::abcd'],
  ['1:0:0:0:0:0:0:0', '1::'],
  ['10:0:0:20:0:0:0:0', '10:0:0:20::'],
  ['::', '::'],
  ['::1', '::1'],
  ['::ffff:c000:201', '::ffff:192.0.2.1'],
  ['192.0.2.1', '192.0.2.1'],
])('%s is written %s', (text, written) => {
  expect(formatIpAddress(parseIpAddress(text))).toBe(written);
});

test.each(['', 'localhost', '192.0.2', '192.0.2.256', '::g', 'fe80::1%eth0', '1::2::3'])('"%s" is refused', (text) => {
  expect(() => parseIpAddress(text)).toThrow('is not a numeric IP address');
});

test.each([0, 3, 8, 17])('%i bytes are no address', (length) => {
  expect(() => formatIpAddress(new Uint8Array(length))).toThrow('4 or 16 bytes');
});
