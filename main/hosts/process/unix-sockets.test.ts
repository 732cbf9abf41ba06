import { expect, test } from 'vitest';
import { listeningSocketPath } from './unix-sockets.ts';

const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 21842 /run/systemd/private
0000000000000000: 00000003 00000000 00000000 0001 03 33001 /var/lib/vms/db/monitor.sock
0000000000000000: 00000002 00000000 00010000 0001 01    33 /var/lib/vms/my db/monitor.sock
0000000000000000: 00000002 00000000 00010000 0001 01 40404 @abstract
0000000000000000: 00000003 00000000 00000000 0001 03 50505
0000000000000000: 00000002 00000000 00010000 0001 01 60606 /var/lib/vms/true.sock
0000000000000000: 00000002 00000000 00010000 0001 01 70707 @name
0: 2 0 00010000 1 1 60606 /var/lib/vms/other.sock
0: 2 0 00010000 1 1 50505 /var/lib/vms/other.sock
`;

test.each([
  [33, '/var/lib/vms/my db/monitor.sock'],
  [33_001, undefined],
  [40_404, undefined],
  [50_505, undefined],
  // The name of 70707 holds two lines of its own.
  [60_606, undefined],
  [7, undefined],
])('inode %i listens at %s', (inode, path) => {
  expect(listeningSocketPath(table, inode)).toBe(path);
});
