import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostileFiles } from '#main/storage/testing/hostile-files.ts';
import { ourselves } from './authority/ourselves.ts';
import { leaseFolder, makeMigrationFolder, readOutput, removeOwnFiles } from './runtime-folder.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-runtime-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('the end of an output is read, however long it is', async () => {
  const path = join(directory, 'output');
  writeFileSync(path, `${'x'.repeat(100_000)}last words`);
  const read = await readOutput(path);
  expect([read.length, read.slice(-10)]).toEqual([65_536, 'last words']);
});

test('an output that was never written is empty', async () => {
  expect(await readOutput(join(directory, 'output'))).toBe('');
});

test.for(hostileFiles)('%s in the place of an output is empty, and is not waited for', async ([, spoil]) => {
  const path = join(directory, 'output');
  await spoil(path);
  expect(await readOutput(path)).toBe('');
});

test('a deserted folder that is a link leads to nothing that is removed', async () => {
  const elsewhere = join(directory, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'empty'), '');
  const link = join(directory, 'folder');
  symlinkSync(elsewhere, link);
  await removeOwnFiles(link);
  expect(readdirSync(elsewhere)).toEqual(['empty']);
});

test('links in a deserted folder stay, and so does what they lead to', async () => {
  const folder = join(directory, 'folder');
  const victim = join(directory, 'victim');
  mkdirSync(folder);
  writeFileSync(victim, '');
  writeFileSync(join(folder, 'empty'), '');
  symlinkSync(victim, join(folder, 'link'));
  mkdirSync(join(folder, 'output.log'));
  await removeOwnFiles(folder);
  expect([readdirSync(folder), readFileSync(victim, 'utf8')]).toEqual([['link', 'output.log'], '']);
});

test('a folder for a twin of another user is not made where a link leads, and nothing is opened to that user there', () => {
  const victim = join(directory, 'victim');
  mkdirSync(victim, { mode: 0o700 });
  const parent = join(directory, 'parent');
  symlinkSync(victim, parent);
  const we = ourselves();
  const identity = { uuid: '', pid: 1, startTimeTicks: 1, bootId: '' };
  const guest = { name: 'g', hostId: 'local', identity, argv: [], waiting: false };
  const rights = { uid: we.uid + 1, gid: 1, groups: [], bounding: 0n, noNewPrivileges: false };
  const make = () => makeMigrationFolder(parent, join(parent, 'migration'), guest, rights, we);
  expect(make).toThrow(`Switchyard does not use ${parent}:`);
  expect([statSync(victim).mode & 0o777, readdirSync(victim)]).toEqual([0o700, []]);
});

test.each([
  ['root of the machine', { uid: 0, mayBeRoot: (uid: number) => uid === 0 }, '/run/switchyard/path-managers'],
  ['root of a user namespace', { uid: 0, mayBeRoot: () => true }, '/tmp/run/path-managers'],
  ['any other user', { uid: 1000, mayBeRoot: (uid: number) => uid === 0 }, '/tmp/run/path-managers'],
])('leases that %s takes are kept where that user may write', (_, we, folder) => {
  expect(leaseFolder('/tmp/run', we)).toBe(folder);
});
