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
import { writePrivateFile } from './write-private-file.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-export-'));
  path = join(folder, 'record.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('only its owner may read it, and nothing else is left in the folder', async () => {
  await writePrivateFile(path, '{}');
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777, readdirSync(folder)]).toEqual([
    '{}',
    0o600,
    ['record.json'],
  ]);
});

test('a file that every user could read is replaced by one that only its owner can read', async () => {
  writeFileSync(path, 'older and longer', { mode: 0o644 });
  await writePrivateFile(path, '{}');
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['{}', 0o600]);
});

test('a link is replaced, and what it led to is left alone', async () => {
  const elsewhere = join(folder, 'elsewhere');
  writeFileSync(elsewhere, 'precious');
  symlinkSync(elsewhere, path);
  await writePrivateFile(path, '{}');
  expect([readFileSync(path, 'utf8'), readFileSync(elsewhere, 'utf8')]).toEqual(['{}', 'precious']);
});

test('a folder that is not there is said, with what to do', async () => {
  await expect(writePrivateFile(join(folder, 'absent', 'record.json'), '{}')).rejects.toMatchObject({
    failure: { kind: 'invalid-request', remedy: 'Choose another folder, or make room there.' },
  });
});

test('a failure leaves nothing half written behind', async () => {
  mkdirSync(path);
  await expect(writePrivateFile(path, '{}')).rejects.toThrow('could not be written');
  expect(readdirSync(folder)).toEqual(['record.json']);
});
