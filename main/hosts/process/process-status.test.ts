import { describe, expect, test } from 'vitest';
import { isOneId, parseProcessStatus } from './process-status.ts';

const status = `Name:\tqemu-system-x86
Umask:\t0027
Uid:\t107\t107\t107\t107
Gid:\t107\t107\t107\t107
Groups:\t992 107 
CapInh:\t0000000000000000
CapPrm:\t0000000000003000
CapEff:\t0000000000003000
CapBnd:\t000001ffffffffff
NoNewPrivs:\t1
Seccomp:\t2
`;

describe('parseProcessStatus', () => {
  test('reads with whose rights a process runs', () => {
    const ids = { real: 107, effective: 107, saved: 107, filesystem: 107 };
    expect(parseProcessStatus(status)).toEqual({
      uids: ids,
      gids: ids,
      groups: [107, 992],
      permitted: 0x3000n,
      bounding: 0x1ffffffffffn,
      noNewPrivileges: true,
      isFiltered: true,
    });
  });

  test.each(['Uid', 'Gid', 'Groups', 'CapPrm', 'CapBnd'])('knows nothing without %s', (name) => {
    expect(parseProcessStatus(status.replace(new RegExp(`^${name}:.*\n`, 'm'), ''))).toBeUndefined();
  });

  test.each([
    ['Uid:\t107\t107\t107\t107', 'Uid:\t107\t107'],
    ['Gid:\t107', 'Gid:\tx'],
    ['CapPrm:\t0000000000003000', 'CapPrm:\tall'],
  ])('knows nothing of %j written as %j', (from, to) => {
    expect(parseProcessStatus(status.replace(from, to))).toBeUndefined();
  });
});

test.each([
  [[0, 0, 0, 0], true],
  [[1000, 0, 0, 0], false],
  [[1000, 1000, 0, 1000], false],
  [[1000, 1000, 1000, 0], false],
])('the ids %j are one: %s', ([real = 0, effective = 0, saved = 0, filesystem = 0], expected) => {
  expect(isOneId({ real, effective, saved, filesystem })).toBe(expected);
});
