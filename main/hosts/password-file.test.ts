import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPasswordFile } from './password-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sy-password-'));
  path = join(folder, 'password');
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each(['hunter2', 'hunter2\n', 'hunter2\r\nmore\n'])('a password is the first line of %j', (content) => {
  writeFileSync(path, content, { mode: 0o600 });
  expect(readPasswordFile(path)).toBe('hunter2');
});

test.each([
  ['is not there', () => undefined, /ENOENT/],
  [
    'others may read',
    () => writeFileSync(path, 'a', { mode: 0o644 }),
    /users other than its owner may read or write it/,
  ],
  ['the group may write', () => (writeFileSync(path, 'a'), chmodSync(path, 0o620)), /users other than its owner/],
  ['is empty', () => writeFileSync(path, '\n', { mode: 0o600 }), /first line is empty/],
  ['is too long', () => writeFileSync(path, 'a'.repeat(1025), { mode: 0o600 }), /longer than 1024 bytes/],
  ['is a folder', () => mkdirSync(path), /it is not a file/],
  ['is a link', () => symlinkSync('/etc/hostname', path), /ELOOP/],
])('a file that %s is refused', (_what, make, reason) => {
  make();
  expect(() => readPasswordFile(path)).toThrow(reason);
});
