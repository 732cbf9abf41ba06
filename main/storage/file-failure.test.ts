import { expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import { fileFailure, hasCode, NotPlain } from './file-failure.ts';

/** As node:fs throws it. */
function thrownBy(syscall: string, code: string, errno: number): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { syscall, code, errno: -errno });
}

const place = '/var/lib/switchyard/journal.ndjson';

test.each([
  ['ENOSPC', 28, 'the disk is full', `Free some space where ${place} is`],
  ['EDQUOT', 122, 'the disk quota is used up', 'raise the quota'],
  ['EROFS', 30, 'the file system is read-only', `Remount the file system of ${place} for writing`],
  ['EACCES', 13, 'permission was denied', `Make ${place} yours`],
  ['EPERM', 1, 'it is not permitted', `Make ${place} yours`],
  ['ENOTDIR', 20, 'a part of the path is a file', 'one of its parents is not a directory'],
  ['ENOENT', 2, 'there is no such file', `Look whether ${place} has been moved`],
  ['ELOOP', 40, 'it is a symbolic link', `Look at ${place}: a link`],
  ['ENXIO', 6, 'it is a named pipe or a socket', `Look at ${place}: move it away`],
  ['EISDIR', 21, 'it is a directory', `Look at ${place}: move it away`],
  ['EIO', 5, 'the disk reported an error', "Look at the kernel's log"],
])('%s is reported with its cause and what to do', (code, errno, cause, remedy) => {
  expect(fileFailure(thrownBy('write', code, errno), 'The journal could not be written', place).failure).toMatchObject({
    kind: 'native',
    syscall: 'write',
    errno,
    code,
    text: `The journal could not be written: ${cause} (${code}).`,
    remedy: expect.stringContaining(remedy),
  });
});

test.each([
  ['an error of its own kind', new Error('database is malformed'), 'database is malformed (UNKNOWN)'],
  ['no error at all', 'torn', 'torn (UNKNOWN)'],
])('%s is reported in its own words', (_what, thrown, words) => {
  expect(fileFailure(thrown, 'It could not be read', place).failure).toEqual({
    kind: 'native',
    syscall: 'unknown',
    errno: 0,
    code: 'UNKNOWN',
    text: `It could not be read: ${words}.`,
    remedy: `Look at ${place} and at the kernel's log (\`dmesg\`), then try again.`,
  });
});

test('a failure that is typed already stays what it is', () => {
  const failure = new SwitchyardError({ kind: 'cancelled', text: 'Cancelled.', remedy: 'Try again.' });
  expect(fileFailure(failure, 'It could not be read', place)).toBe(failure);
});

test('a code is that of an error', () => {
  const thrown = thrownBy('open', 'ENOENT', 2);
  expect([hasCode(thrown, 'ENOENT'), hasCode(thrown, 'EIO'), hasCode({ code: 'ENOENT' }, 'ENOENT')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('what is no file of ours is refused with its path, and can be moved away', () => {
  const thrown = new NotPlain(place, 'it is a named pipe, not a file');
  expect(fileFailure(thrown, 'The journal could not be read', place).failure).toEqual({
    kind: 'rejected',
    phase: 'reading',
    event: 'open-file',
    text: `The journal could not be read: it is a named pipe, not a file (${place}).`,
    remedy: `Look at ${place}: move it away, or put the file back as it was.`,
  });
});
