import { expect, test } from 'vitest';
import { isNativeError, NativeError, NativeUnavailableError } from './native-error.ts';

test('one sentence says what was being done, the reason and the call', () => {
  expect(new NativeError('connect', 111, 'connect to 192.0.2.1:4444')).toMatchObject({
    name: 'NativeError',
    kind: 'native',
    syscall: 'connect',
    errno: 111,
    code: 'ECONNREFUSED',
    message: 'Could not connect to 192.0.2.1:4444: connection refused (connect: ECONNREFUSED).',
  });
});

test('advice is a second sentence', () => {
  const error = new NativeError('socket', 92, 'open a socket', 'Switch MPTCP on.');
  expect(error.message).toBe('Could not open a socket: protocol not available (socket: ENOPROTOOPT). Switch MPTCP on.');
});

test.each([
  [11, 'EAGAIN'],
  [95, 'EOPNOTSUPP'],
])('errno %i, which has two names, is called %s', (errno, code) => {
  expect(new NativeError('recv', errno, 'receive').code).toBe(code);
});

test('an errno without a name is reported by its number', () => {
  expect(new NativeError('recv', 4095, 'receive').message).toBe(
    'Could not receive: the kernel refused (recv: errno 4095).',
  );
});

test('callers branch on codes', () => {
  const error = new NativeError('connect', 111, 'connect');
  expect([
    isNativeError(error),
    isNativeError(error, 'EPERM', 'ECONNREFUSED'),
    isNativeError(error, 'EPERM'),
    isNativeError(new Error('other')),
  ]).toEqual([true, true, false, false]);
});

test('a missing kernel interface is a native error too, so that every border maps it', () => {
  const error = new NativeUnavailableError('this is darwin.');
  expect([error instanceof NativeError, error.code, error.message]).toEqual([
    true,
    'ENOSYS',
    'The kernel interface is not available here: this is darwin.',
  ]);
});
