import { expect, test } from 'vitest';
import { adviceFor, hasCapabilities } from './user-namespace.ts';

const status = (effective: string): string =>
  `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${effective}\nCapBnd:\t0\n`;

test.each([
  ['000001ffffffffff', true],
  ['0000000000201000', true],
  ['0000000000001000', false],
  ['0000000000000000', false],
])('effective capabilities %s: %s', (effective, enough) => {
  expect(hasCapabilities(status(effective))).toBe(enough);
});

test.each([
  [{ 'kernel/unprivileged_userns_clone': '0' }, /sudo sysctl kernel\.unprivileged_userns_clone=1$/],
  [
    { 'kernel/apparmor_restrict_unprivileged_userns': '1' },
    /sudo sysctl kernel\.apparmor_restrict_unprivileged_userns=0$/,
  ],
  [{ 'user/max_user_namespaces': '0' }, /sudo sysctl user\.max_user_namespaces=15000$/],
  [{}, /^Run the same command with sudo\.$/],
])('with %o it says what to type', (sysctls: Record<string, string>, sentence) => {
  expect(adviceFor((name) => sysctls[name])).toMatch(sentence);
});
