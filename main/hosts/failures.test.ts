import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { invalidRequest } from '#contract/errors.ts';
import { NativeError } from '#native/native-error.ts';
import { inContractTerms } from './failures.ts';

const failing = (thrown: Error): Promise<never> => inContractTerms(() => Promise.reject(thrown));

test('what the kernel refused becomes a failure with its remedy', async () => {
  await expect(failing(new NativeError('setns', 1, 'enter it'))).rejects.toMatchObject({
    failure: { kind: 'native', syscall: 'setns', errno: 1, code: 'EPERM', remedy: expect.stringContaining('root') },
  });
});

test('so does what failed inside Node', async () => {
  await expect(inContractTerms(() => readFileSync('/no/such/file'))).rejects.toMatchObject({
    failure: { kind: 'native', syscall: 'open', errno: 2, code: 'ENOENT' },
  });
});

test('a failure stays as it is', async () => {
  const failure = invalidRequest('a', 'b');
  await expect(failing(failure)).rejects.toBe(failure);
});

test('a fault of ours stays one', async () => {
  const fault = new TypeError('undefined is not a function');
  await expect(failing(fault)).rejects.toBe(fault);
});
