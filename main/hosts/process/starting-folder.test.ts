import { expect, test } from 'vitest';
import { startingFolderOf, type Traces } from './starting-folder.ts';

const daemon: Traces = {
  argv: ['qemu-system-x86_64', '-daemonize', '-drive', 'file=disks/a.raw,if=virtio'],
  workingDirectory: '/',
  claim: undefined,
  open: ['/dev/null', 'socket:[4]', '/vm/disks/a.raw'],
};

test.each<[string, Partial<Traces>, string]>([
  ['a process in a folder is where it was started', { workingDirectory: '/srv', claim: '/vm' }, '/srv'],
  ['a process in the root that did not daemonize was started there', { argv: ['qemu'], claim: '/vm' }, '/'],
  ['an open file shows the folder of a daemon', {}, '/vm'],
  ['an open file counts more than PWD', { claim: '/old' }, '/vm'],
  ['PWD is taken where no open file has a relative name', { claim: '/old', open: ['/vm/b.raw'] }, '/old'],
  ['PWD decides between two folders', { claim: '/b', open: ['/a/disks/a.raw', '/b/disks/a.raw'] }, '/b'],
  ['of two folders without PWD neither is taken', { open: ['/a/disks/a.raw', '/b/disks/a.raw'] }, '/'],
  ['a name in JSON counts', { argv: ['q', '--daemonize', '{"filename":"a.raw"}'], open: ['/vm/a.raw'] }, '/vm'],
  ['a longer name does not count', { argv: ['q', '-daemonize', 'file=a.raw.bak'], open: ['/vm/a.raw'] }, '/'],
  ['a part of another path does not count', { argv: ['q', '-daemonize', '/x/a.raw'], open: ['/vm/a.raw'] }, '/'],
  ['a file of the root may have a relative name', { argv: ['q', '-daemonize', 'a.raw'], open: ['/a.raw'] }, '/'],
  ['an absolute name shows nothing', { argv: ['q', '-daemonize', '/vm/a.raw'], open: ['/vm/a.raw'] }, '/'],
])('%s', (_what, traces, folder) => {
  expect(startingFolderOf({ ...daemon, ...traces })).toBe(folder);
});
