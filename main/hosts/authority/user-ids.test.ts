import { expect, test } from 'vitest';
import { isMapped, userNames } from './user-ids.ts';

const initial = '         0          0 4294967295\n';
const lab = '         0       1000          1\n';
const container = '         0       1000          1\n         1     100000      65536\n';

test.each([
  [0, initial, true],
  [65_534, initial, true],
  [0, lab, true],
  [1000, lab, false],
  [65_534, lab, false],
  [65_534, container, true],
  [70_000, container, false],
  [0, '', false],
])('uid %i in the map %j: %s', (uid, map, expected) => {
  expect(isMapped(uid, map)).toBe(expected);
});

test('names of users: the first of a number, and none that is no name', () => {
  const passwd = 'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:\nqemu:x:107:107::/:\n\u001B[31m:x:5:5::/:\n+::::::\nx:y\n';
  expect([...userNames(passwd)]).toEqual([
    [0, 'root'],
    [107, 'qemu'],
  ]);
});
