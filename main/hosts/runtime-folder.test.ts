import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostileFiles } from '#main/storage/testing/hostile-files.ts';
import { readOutput, removeOwnFiles } from './runtime-folder.ts';

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

test('a deserted folder that is a link leads to nothing that is removed', () => {
  const elsewhere = join(directory, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'empty'), '');
  const link = join(directory, 'folder');
  symlinkSync(elsewhere, link);
  removeOwnFiles(link);
  expect(readdirSync(elsewhere)).toEqual(['empty']);
});

test('links in a deserted folder stay, and so does what they lead to', () => {
  const folder = join(directory, 'folder');
  const victim = join(directory, 'victim');
  mkdirSync(folder);
  writeFileSync(victim, '');
  writeFileSync(join(folder, 'empty'), '');
  symlinkSync(victim, join(folder, 'link'));
  mkdirSync(join(folder, 'output.log'));
  removeOwnFiles(folder);
  expect([readdirSync(folder), readFileSync(victim, 'utf8')]).toEqual([['link', 'output.log'], '']);
});
