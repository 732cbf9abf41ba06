import { expect, test } from 'vitest';
import { invalidRequest, toFailure } from './errors.ts';

/** As node:fs throws it. */
function refused(code: string): Error {
  return Object.assign(new Error(`${code}: refused, mkdir '/root/x'`), { code, syscall: 'mkdir', errno: -13 });
}

const noReport = (): string => {
  throw new Error('nothing is to be reported');
};

test('a failure stays what it is', () => {
  const thrown = invalidRequest('No.', 'Ask otherwise.');
  expect(toFailure(thrown, noReport)).toBe(thrown.failure);
});

test.each(['EACCES', 'EPERM', 'ENOSPC', 'EROFS', 'EMFILE', 'ENOTDIR'])(
  '%s is a refusal of the system, not a fault of ours',
  (code) => {
    expect(toFailure(refused(code), noReport)).toEqual({
      kind: 'native',
      syscall: 'mkdir',
      errno: 13,
      code,
      text: `The system refused what Switchyard asked of it: ${code}: refused, mkdir '/root/x'.`,
      remedy: expect.stringMatching(/\.$/),
    });
  },
);

test.each([
  ['an error that a correct program does not make', refused('EBADF')],
  ['a file that is missing', refused('ENOENT')],
  ['an error without a system call', new TypeError('undefined is not a function')],
  ['something that is no error', 'thrown'],
])('%s is a fault of ours, and is reported', (_what, thrown) => {
  expect(toFailure(thrown, () => 'i-00000007')).toMatchObject({ kind: 'internal', incidentId: 'i-00000007' });
});
