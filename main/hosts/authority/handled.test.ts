import { describe, expect, test } from 'vitest';
import type { ProcessRecord } from '#main/hosts/process/process-table.ts';
import { whyNotHandled, type Surroundings } from './handled.ts';
import { isMapped } from './user-ids.ts';

const root = { device: 1n, inode: 2n };
const qemu = { device: 1n, inode: 77n };

function processOf(uid: number, more: Partial<ProcessRecord> = {}): ProcessRecord {
  const ids = { real: uid, effective: uid, saved: uid, filesystem: uid };
  return {
    pid: 4242,
    state: 'S',
    threads: 3,
    startTimeTicks: 1,
    argv: ['qemu-system-x86_64', '-name', 'web'],
    isCutOff: false,
    program: '/usr/bin/qemu-system-x86_64',
    isProgramDeleted: false,
    credentials: {
      uids: ids,
      gids: ids,
      groups: [],
      permitted: 0n,
      bounding: 0n,
      noNewPrivileges: false,
      isFiltered: false,
    },
    executable: qemu,
    workingDirectory: '/',
    root,
    rootPath: '/',
    networkNamespace: 'net:[1]',
    userNamespace: 'user:[1]',
    uid,
    ...more,
  };
}

function as(uid: number): Surroundings {
  const map = '0 0 4294967295';
  return {
    we: {
      uid,
      gid: uid,
      credentials: undefined,
      userNamespace: 'user:[1]',
      canBecome: (other) => other === uid || (uid === 0 && isMapped(other, map)),
      isOfRoot: (owner) => owner === 0,
      mayBeRoot: (owner) => owner === 0,
    },
    root,
    fileAt: (path) => (path === '/usr/bin/qemu-system-x86_64' ? qemu : undefined),
  };
}

const ids = (real: number, effective: number) => ({ real, effective, saved: effective, filesystem: effective });
const withUids = (real: number, effective: number): ProcessRecord => {
  const found = processOf(effective);
  return { ...found, credentials: { ...found.credentials, uids: ids(real, effective) } };
};
const withGids = (real: number, effective: number): ProcessRecord => {
  const found = processOf(0);
  return { ...found, credentials: { ...found.credentials, gids: ids(real, effective) } };
};
const elsewhere = { device: 9n, inode: 2n };

describe('a process is handled', () => {
  test.each<[string, number, ProcessRecord]>([
    ['of root by root', 0, processOf(0)],
    ['of another user by root', 0, processOf(107)],
    ['of a user by that user', 1000, processOf(1000)],
    ['whose program was upgraded', 0, processOf(0, { executable: elsewhere, isProgramDeleted: true })],
    ['whose program may not be seen', 0, processOf(0, { program: undefined, executable: undefined })],
    ['whose program is not to be seen here', 0, processOf(0, { program: '/gone/qemu-kvm' })],
    [
      'of root that has changed its root directory itself',
      0,
      processOf(0, { root: elsewhere, argv: ['kvm', '-chroot', '/srv'] }),
    ],
  ])('%s', (_which, uid, found) => {
    expect(whyNotHandled(found, as(uid))).toBeUndefined();
  });
});

describe('a process is not handled', () => {
  test.each<[string, number, ProcessRecord, RegExp]>([
    ['whose command line is too long', 0, processOf(0, { isCutOff: true }), /longer than 256 KiB/],
    ['that executes a set-uid program', 0, withUids(1000, 0), /several users \(real 1000, effective 0/],
    ['of root by a user', 1000, processOf(0), /runs as user/],
    ['of another user by a user', 1000, processOf(1001, { executable: undefined, root: undefined }), /runs as user/],
    ['in another user namespace', 0, processOf(107, { userNamespace: 'user:[2]' }), /user namespace/],
    [
      'in a container',
      0,
      processOf(0, { root: elsewhere, rootPath: '/var/lib/c/1' }),
      /\/var\/lib\/c\/1: it runs in a container/,
    ],
    [
      'of another user after chroot',
      0,
      processOf(107, { root: elsewhere, argv: ['kvm', '-chroot', '/srv'] }),
      /container/,
    ],
    [
      'whose root directory cannot be named',
      0,
      processOf(0, { root: elsewhere, rootPath: undefined }),
      /is another one/,
    ],
    ['of several groups', 0, withGids(5, 0), /several users/],
    ['whose program is another file here', 0, processOf(0, { executable: elsewhere }), /another mount namespace/],
  ])('%s', (_which, uid, found, words) => {
    expect(whyNotHandled(found, as(uid))?.text).toMatch(words);
  });
});
