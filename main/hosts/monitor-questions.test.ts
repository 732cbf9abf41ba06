import { expect, test } from 'vitest';
import type { Credentials } from './process/process-status.ts';
import { objectionToPeer } from './monitor-questions.ts';

const uids = { real: 107, effective: 107, saved: 107, filesystem: 107 };
const credentials: Credentials = {
  uids,
  gids: uids,
  groups: [],
  permitted: 0n,
  bounding: 0n,
  noNewPrivileges: false,
  isFiltered: false,
};
const qemu = { pid: 4242, credentials };
const ownUid = 1000;
const own = { path: '/run/qmp.sock', isPassed: false };
const passed = { ...own, isPassed: true };

test.each([
  ['QEMU itself', own, { pid: 4242, uid: 107, gid: 107 }],
  ['QEMU, which was root when it began to listen', own, { pid: 4242, uid: 0, gid: 0 }],
  ['the program that has passed the socket, as root', passed, { pid: 1, uid: 0, gid: 0 }],
  ['the program that has passed the socket, as ourselves', passed, { pid: 7, uid: ownUid, gid: ownUid }],
])('%s may answer', (_who, socket, peer) => {
  expect(objectionToPeer(peer, { qemu, socket, ownUid })).toBeUndefined();
});

test.each([
  ['another process of the same user', own, { pid: 4243, uid: 107, gid: 107 }],
  ['another process of root', own, { pid: 4243, uid: 0, gid: 0 }],
  ['that process number under another user', own, { pid: 4242, uid: 1001, gid: 1001 }],
  ['that process number under our own user', own, { pid: 4242, uid: ownUid, gid: ownUid }],
  ['a third user, on a socket that was passed', passed, { pid: 9, uid: 1001, gid: 1001 }],
])('%s may not', (_who, socket, peer) => {
  expect(objectionToPeer(peer, { qemu, socket, ownUid })).toBe(
    `process ${peer.pid} of user ${peer.uid} answers there, and not QEMU (process 4242 of user 107)`,
  );
});
