import { expect, test } from 'vitest';
import { ownerOf } from './connection-owner.ts';

// As Linux 6.18 writes them on a little-endian machine.
const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const tables: Readonly<Record<string, string>> = {
  '/proc/net/tcp': [
    header,
    '   0: 0100007F:A112 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0',
    '   1: 0100007F:C001 0100007F:A112 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 0 20 4 30 10 -1',
    '   2: 0100007F:A112 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0 20 4 30 10 -1',
  ].join('\n'),
  '/proc/net/tcp6': [
    header,
    '   0: 00000000000000000000000001000000:C002 00000000000000000000000001000000:A112 01 0:0 0:0 0 33 0 14 1',
  ].join('\n'),
};
const read = (path: string): string => tables[path] ?? '';

test.each([
  ['127.0.0.1', 0xc001, 1000],
  ['::1', 0xc002, 33],
  ['127.0.0.1', 0xc002, undefined],
])('the far end of %s port %d belongs to %s', (address, port, expected) => {
  expect(ownerOf({ address, port }, { address, port: 0xa112 }, read)).toBe(expected);
});

test('a table that cannot be read tells nothing', () => {
  expect(ownerOf({ address: '127.0.0.1', port: 1 }, { address: '127.0.0.1', port: 2 }, () => '')).toBeUndefined();
});
