import { expect, test } from 'vitest';
import { ipFamilyOf, readIpAddress } from './ip-family.ts';
import { NetlinkError } from './netlink-error.ts';

test('an address is of one family', () => {
  expect(['192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1'].map(ipFamilyOf)).toEqual(['ipv4', 'ipv6', 'ipv6']);
});

test.each([
  ['c0000201', '192.0.2.1'],
  ['20010db8000000000000000000000001', '2001:db8::1'],
  ['00000000000000000000ffffc0000201', '192.0.2.1'],
])('%s is %s', (hex, address) => {
  expect(readIpAddress(Buffer.from(hex, 'hex'))).toBe(address);
});

test('five bytes are no address', () => {
  expect(() => readIpAddress(Buffer.alloc(5))).toThrow(NetlinkError);
});
