import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import { writeNewFile } from './write-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'switchyard-write-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function refusalOf(attempt: Promise<void>): Promise<unknown> {
  return attempt.catch((thrown: unknown) => (thrown instanceof SwitchyardError ? thrown.failure : thrown));
}

test('only its owner can read the file', async () => {
  const path = join(directory, 'record.json');
  await writeNewFile(path, '{}\n', { overwrite: false });
  expect([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777]).toEqual(['{}\n', 0o600]);
});

test('a file that is there is kept', async () => {
  const path = join(directory, 'record.json');
  await writeFile(path, 'mine');
  const refusal = await refusalOf(writeNewFile(path, '{}', { overwrite: false }));
  expect([refusal, await readFile(path, 'utf8')]).toEqual([
    {
      kind: 'invalid-request',
      text: `${path} exists already.`,
      remedy: 'Name a new file, or add --force to overwrite it.',
      path: 'output',
    },
    'mine',
  ]);
});

test('a file that is overwritten becomes private', async () => {
  const path = join(directory, 'record.json');
  await writeFile(path, 'something longer');
  await chmod(path, 0o644);
  await writeNewFile(path, '{}', { overwrite: true });
  expect([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777]).toEqual(['{}', 0o600]);
});

test('a folder that does not exist is reported', async () => {
  const path = join(directory, 'nowhere', 'record.json');
  expect(await refusalOf(writeNewFile(path, '{}', { overwrite: false }))).toMatchObject({
    kind: 'invalid-request',
    text: expect.stringContaining('ENOENT'),
  });
});

test.skipIf(process.platform !== 'linux')('a full disk is a failure of its own', async () => {
  expect(await refusalOf(writeNewFile('/dev/full', '{}', { overwrite: true }))).toMatchObject({
    kind: 'native',
    code: 'ENOSPC',
  });
});

test('nothing is left beside it', async () => {
  await writeNewFile(join(directory, 'record.json'), '{}', { overwrite: false });
  expect(await readdir(directory)).toEqual(['record.json']);
});
