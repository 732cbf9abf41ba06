import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { KnownSecrets } from './known-secrets.ts';

const marker = '[redacted]';

function knowing(...secrets: readonly string[]): KnownSecrets {
  const known = new KnownSecrets();
  for (const secret of secrets) known.add(secret, marker);
  return known;
}

test('a secret is found in every form in which programs quote it', () => {
  const known = knowing('hunter,,2"/ü');
  const forms = ['hunter,,2"/ü', 'hunter,2"/ü', 'hunter,2\\"/ü', 'hunter%2C2%22%2F%C3%BC', btoa('hunter,2"/ü')];
  expect(known.hide(forms.join(' '), marker)).toBe(forms.map(() => marker).join(' '));
});

test('one that was written in percent is found as it is', () => {
  expect(knowing('p%40ssword').hide('p@ssword', marker)).toBe(marker);
});

test('one that is no valid text is looked for as well as can be', () => {
  expect(knowing('100%secret\uD800').hide('is 100%secret\uD800', marker)).toBe(`is ${marker}`);
});

test('secrets that overlap are hidden as one', () => {
  expect(knowing('abcdef', 'defghi', 'cdefgh-long').hide('xabcdefghi-', marker)).toBe(`x${marker}-`);
});

test('the longer of two that begin alike is hidden whole', () => {
  expect(knowing('hunter22', 'hunter2222').hide('hunter2222 hunter22', marker)).toBe(`${marker} ${marker}`);
});

test('one that begins within another that does not end is found', () => {
  expect(knowing('abcabcabd', 'bcabca').hide('abcabcab', marker)).toBe(`a${marker}b`);
});

test('what is found is what a search for each of them finds', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 6, maxLength: 9 });
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 4 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 40 }),
      (secrets, text) => {
        const covered = Array.from(text, (_, at) =>
          secrets.some((secret) =>
            Array.from(secret, (__, back) => at - back).some((start) => start >= 0 && text.startsWith(secret, start)),
          ),
        );
        const left = Array.from(text).filter((_, at) => !covered[at]);
        expect(
          knowing(...secrets)
            .hide(text, marker)
            .replaceAll(marker, ''),
        ).toBe(left.join(''));
      },
    ),
  );
});

test('a marker stays what it is, whatever the secrets', () => {
  const known = knowing('redacted', 'acted] and', '[redacted] and');
  expect(known.hide(`${marker} and redacted`, marker)).toBe(`${marker} and redacted`);
});

test('a short secret is not looked for', () => {
  expect(knowing('port').hide('the port', marker)).toBe('the port');
});

test('beyond what an operator has, secrets are not looked for', () => {
  const known = knowing('x'.repeat(65_536), 'hunter22');
  expect(known.hide('hunter22', marker)).toBe('hunter22');
});
