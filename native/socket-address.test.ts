import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatIpAddress } from './ip-address.ts';
import { decodeSocketAddress, encodeSocketAddress, formatSocketAddress, type SocketAddress } from './socket-address.ts';

const port = fc.integer({ min: 0, max: 65_535 });
const ip = (length: 4 | 16): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(formatIpAddress);
const name = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }).filter((text) => !text.includes('\0'));

const anyAddress: fc.Arbitrary<SocketAddress> = fc.oneof(
  fc.record({ family: fc.constant('ipv4' as const), address: ip(4), port }),
  fc.record({ family: fc.constant('ipv6' as const), address: ip(16), port }),
  fc.record({ family: fc.constant('ipv6' as const), address: ip(16), port, scopeId: fc.integer({ min: 1, max: 99 }) }),
  fc.record({ family: fc.constant('unix' as const), path: name.filter((text) => Buffer.byteLength(text) < 108) }),
  fc.record({
    family: fc.constant('unix-abstract' as const),
    name: name.filter((text) => Buffer.byteLength(text) < 108),
  }),
);

test('an address survives the way through the kernel form', () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      expect(decodeSocketAddress(encodeSocketAddress(address))).toEqual(address);
    }),
  );
});

test('no bytes make the decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 140 }), fc.constantFrom(0, 1, 2, 10, 16), (bytes, family) => {
      const buffer = Buffer.from(bytes);
      if (buffer.length >= 2) buffer.writeUInt16LE(family, 0);
      expect(() => decodeSocketAddress(buffer)).not.toThrow();
    }),
  );
});

test.each<[SocketAddress, string]>([
  [{ family: 'ipv4', address: '192.0.2.1', port: 4444 }, '192.0.2.1:4444'],
  [{ family: 'ipv6', address: '2001:db8::1', port: 4444 }, '[2001:db8::1]:4444'],
  [{ family: 'ipv6', address: 'fe80::1', port: 4444, scopeId: 3 }, '[fe80::1%3]:4444'],
  [{ family: 'unix', path: '/run/qmp.sock' }, '/run/qmp.sock'],
  [{ family: 'unix-abstract', name: 'qmp' }, '@qmp'],
])('%j is written %s', (address, text) => {
  expect(formatSocketAddress(address)).toBe(text);
});

test('an unnamed unix socket has an empty path', () => {
  expect(decodeSocketAddress(Buffer.from([1, 0]))).toEqual({ family: 'unix', path: '' });
});

test('a path that fills the whole field is read without its missing NUL', () => {
  const bytes = Buffer.alloc(110, 'p');
  bytes.writeUInt16LE(1, 0);
  expect(decodeSocketAddress(bytes)).toEqual({ family: 'unix', path: 'p'.repeat(108) });
});

test.each<[string, SocketAddress, string]>([
  ['an IPv6 address as IPv4', { family: 'ipv4', address: '::1', port: 1 }, 'is not an IPv4 address'],
  ['a port out of range', { family: 'ipv4', address: '192.0.2.1', port: 65_536 }, 'is not a port'],
  ['half a port', { family: 'ipv4', address: '192.0.2.1', port: 0.5 }, 'is not a port'],
  ['a path of 108 bytes', { family: 'unix', path: 'p'.repeat(108) }, 'longer than 107 bytes'],
  ['a path with a NUL', { family: 'unix', path: 'a\0b' }, 'cannot contain a NUL'],
  ['an abstract name of 108 bytes', { family: 'unix-abstract', name: 'n'.repeat(108) }, 'at most 107 bytes'],
])('%s is refused', (_, address, reason) => {
  expect(() => encodeSocketAddress(address)).toThrow(reason);
});
