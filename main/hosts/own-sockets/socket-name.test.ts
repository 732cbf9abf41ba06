import { expect, test } from 'vitest';
import { addressOf, isSame, nameOf } from './socket-name.ts';

test('an IPv4 peer has one name, also on a listener of both families', () => {
  const [plain, mapped] = [
    nameOf({ family: 'ipv4', address: '192.0.2.1', port: 4444 }),
    nameOf({ family: 'ipv6', address: '::ffff:192.0.2.1', port: 4444 }),
  ];
  expect(isSame(plain, mapped)).toBe(true);
});

test.each([
  ['another port', '192.0.2.1', 4445],
  ['another address', '192.0.2.2', 4444],
])('%s is another socket', (_what, address, port) => {
  expect(isSame({ address: '192.0.2.1', port: 4444 }, { address, port })).toBe(false);
});

test.each([
  ['192.0.2.1', 'ipv4'],
  ['::', 'ipv6'],
  ['2001:db8::1', 'ipv6'],
])('%s is %s', (address, family) => {
  expect(addressOf({ address, port: 1 })).toEqual({ family, address, port: 1 });
});

test('a unix socket has no such name', () => {
  expect(() => nameOf({ family: 'unix', path: '/run/a' })).toThrow(TypeError);
});
