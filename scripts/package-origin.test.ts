import { describe, expect, test } from 'vitest';
import { packageOrigin } from './package-origin.ts';

const builder = { user: 'ann', host: 'forge' };

describe('a package says that it comes from', () => {
  test('the maintainer that the environment names', () => {
    const environment = {
      SWITCHYARD_MAINTAINER: 'Ann Other <ann@rack.org>',
      SWITCHYARD_HOMEPAGE: 'https://rack.org/sy',
    };
    expect(packageOrigin(environment, builder)).toEqual({
      maintainer: 'Ann Other <ann@rack.org>',
      homepage: 'https://rack.org/sy',
      unset: [],
    });
  });

  test("the maintainer that Debian's own tools would name", () => {
    const environment = {
      DEBFULLNAME: 'Ann Other',
      DEBEMAIL: 'ann@debian.org',
      SWITCHYARD_HOMEPAGE: 'https://rack.org',
    };
    expect(packageOrigin(environment, builder).maintainer).toBe('Ann Other <ann@debian.org>');
  });

  test('the user who builds it, from nowhere, where none is named: with the settings that change it', () => {
    expect(packageOrigin({ DEBEMAIL: 'half@debian.org' }, builder)).toEqual({
      maintainer: 'ann <ann@forge>',
      homepage: 'https://switchyard.invalid/',
      unset: ["SWITCHYARD_MAINTAINER='Name <address>'", 'SWITCHYARD_HOMEPAGE=https://…'],
    });
  });
});

test.each([
  [{ SWITCHYARD_MAINTAINER: 'Ann Other' }, /"Ann Other" is no maintainer: set SWITCHYARD_MAINTAINER/],
  [{ SWITCHYARD_MAINTAINER: 'ann@rack.org' }, /is no maintainer/],
  [{ SWITCHYARD_HOMEPAGE: 'rack.org' }, /"rack.org" is no home page: set SWITCHYARD_HOMEPAGE/],
  [{ SWITCHYARD_HOMEPAGE: 'ftp://rack.org' }, /is no home page/],
])('%o is refused, with what to set', (environment, why) => {
  expect(() => packageOrigin(environment, builder)).toThrow(why);
});
