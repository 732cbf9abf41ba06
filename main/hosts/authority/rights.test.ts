import { describe, expect, test } from 'vitest';
import type { Credentials } from '#main/hosts/process/process-status.ts';
import { isAsWeStart, rightsOf, setprivArguments } from './rights.ts';

const all = 0x1ffn;

function credentials(uid: number, more: Partial<Credentials> = {}): Credentials {
  const ids = { real: uid, effective: uid, saved: uid, filesystem: uid };
  const permitted = uid === 0 ? all : 0n;
  return {
    uids: ids,
    gids: ids,
    groups: [],
    permitted,
    bounding: all,
    noNewPrivileges: false,
    isFiltered: false,
    ...more,
  };
}

describe('the rights of a twin', () => {
  test('are those of its source', () => {
    expect(rightsOf(credentials(107, { groups: [36, 992], noNewPrivileges: true }))).toEqual({
      uid: 107,
      gid: 107,
      groups: [36, 992],
      bounding: all,
      noNewPrivileges: true,
    });
  });

  test('of a root that has given up capabilities cannot come back by executing a program', () => {
    expect(rightsOf(credentials(0, { permitted: 0x7n, bounding: 0xfn })).bounding).toBe(0x7n);
  });
});

describe('a source has the rights that we would give it anyway', () => {
  const ours = credentials(0, { groups: [0] });
  test.each<[string, Credentials, boolean]>([
    ['when it is as we are', ours, true],
    ['not as another user', credentials(107, { groups: [0] }), false],
    ['not in another group', { ...ours, gids: { ...ours.gids, effective: 5 } }, false],
    ['not with other groups', { ...ours, groups: [] }, false],
    ['not with fewer capabilities', { ...ours, permitted: 0xffn }, false],
    ['not without new privileges', { ...ours, noNewPrivileges: true }, false],
  ])('%s', (_when, source, expected) => {
    expect(isAsWeStart(rightsOf(source), ours)).toBe(expected);
  });
});

describe('setpriv gives up', () => {
  test('everything beyond another user', () => {
    const rights = { uid: 107, gid: 36, groups: [36, 992], bounding: all, noNewPrivileges: false };
    expect(setprivArguments(rights, all)).toEqual(['--reuid=107', '--regid=36', '--groups=36,992', '--inh-caps=-all']);
  });

  test('groups, capabilities and the way to new ones', () => {
    const rights = { uid: 0, gid: 0, groups: [], bounding: 0x1fan, noNewPrivileges: true };
    expect(setprivArguments(rights, all)).toEqual([
      '--reuid=0',
      '--regid=0',
      '--clear-groups',
      '--inh-caps=-all',
      '--bounding-set=-cap_0,-cap_2',
      '--no-new-privs',
    ]);
  });
});
