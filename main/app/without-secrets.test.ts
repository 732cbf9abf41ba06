import { expect, test } from 'vitest';
import { withoutSecrets } from './without-secrets.ts';

const argv = ['qemu-system-x86_64', '-object', 'secret,id=s,data=hunter22'];

test('a guest is shown without the secrets of its command line', () => {
  expect(withoutSecrets({ argv }, { name: 'web', argv })).toEqual({
    name: 'web',
    argv: ['qemu-system-x86_64', '-object', 'secret,id=s,data=[redacted]'],
  });
});

test('what quotes the command line is, too', () => {
  expect(withoutSecrets({ argv }, { checks: [{ id: 'a', text: 'QEMU says: hunter22 is bad' }] })).toEqual({
    checks: [{ id: 'a', text: 'QEMU says: [redacted] is bad' }],
  });
});
