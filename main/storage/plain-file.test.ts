import { lstatSync, mkdtempSync, rmSync, Stats, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  NotPlain,
  openPlainFile,
  readPlainFile,
  readPlainTail,
  requirePlain,
  requirePlainDirectory,
} from './plain-file.ts';
import { hostileFiles, replace } from './testing/hostile-files.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-plain-'));
  path = join(directory, 'file');
  writeFileSync(path, '0123456789');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** What stands there, but for these. */
function like(place: string, changes: Partial<Stats>): Stats {
  return Object.assign(Object.create(Stats.prototype), lstatSync(place), changes);
}

function objectionOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof NotPlain) return thrown.objection;
    throw thrown;
  }
}

test('a file is read whole, from its end, or from any place', () => {
  using file = openPlainFile(path);
  const { bytes, atByte } = readPlainTail(path, 4);
  expect([
    readPlainFile(path, 10).toString(),
    [bytes.toString(), atByte],
    readPlainTail(path, 40).atByte,
    [file.byteCount, file.read(3, 4).toString()],
  ]).toEqual(['0123456789', ['6789', 6], 0, [10, '3456']]);
});

test('a file that is cut short while it is read ends there', () => {
  using file = openPlainFile(path);
  truncateSync(path, 5);
  expect(file.read(0, 10).toString()).toBe('01234');
});

test('a file that is longer than what is read of it is refused, with both figures', () => {
  expect(objectionOf(() => readPlainFile(path, 9))).toBe('it has 10 bytes, and at most 9 are read');
});

test.each(hostileFiles)('%s is refused at once, by its name', async (what, spoil) => {
  await replace(path, spoil);
  expect(objectionOf(() => openPlainFile(path))).toBe(`it is ${what}, not a file`);
});

test('a device is refused', () => {
  expect(objectionOf(() => openPlainFile('/dev/zero'))).toBe('it is a device, not a file');
});

test.each([
  ['a named pipe', 0o010_600],
  ['a socket', 0o140_600],
] as const)('%s is refused by its kind', (what, mode) => {
  expect(objectionOf(() => requirePlain(path, like(path, { mode })))).toBe(`it is ${what}, not a file`);
});

test('a file that is missing is reported as node:fs does', () => {
  expect(() => openPlainFile(join(directory, 'nowhere'))).toThrow('ENOENT');
});

test('a file of this user or of root is accepted, another user’s is not', () => {
  const own = process.geteuid?.() ?? 0;
  const objections = [own, 0, own + 1].map((uid) => objectionOf(() => requirePlain(path, like(path, { uid }))));
  expect(objections).toEqual([undefined, undefined, `it belongs to user ${own + 1}`]);
});

test('a file of any user is read where its words are only shown', () => {
  const stranger = like(path, { uid: (process.geteuid?.() ?? 0) + 1 });
  expect(objectionOf(() => requirePlain(path, stranger, { ofAnyUser: true }))).toBe(undefined);
});

test('a directory is one, and neither a link to one nor a file', () => {
  const link = join(directory, 'link');
  symlinkSync(directory, link);
  const places = [directory, link, path];
  expect(places.map((place) => objectionOf(() => requirePlainDirectory(place)))).toEqual([
    undefined,
    'it is a symbolic link, not a directory',
    'it is a file, not a directory',
  ]);
});
