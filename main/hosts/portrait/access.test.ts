import { describe, expect, test } from 'vitest';
import { permits, type Opener } from './access.ts';

const nobody: Opener = { uid: 65_534, gid: 65_534, groups: [107] };

describe('permission bits', () => {
  test.each([
    ['root may do everything', { uid: 1, gid: 1, mode: 0 }, { uid: 0, gid: 0, groups: [] }, true],
    ['the owner by the first three', { uid: 65_534, gid: 1, mode: 0o600 }, nobody, true],
    ['the owner by no others', { uid: 65_534, gid: 65_534, mode: 0o066 }, nobody, false],
    ['the group by the next three', { uid: 0, gid: 65_534, mode: 0o060 }, nobody, true],
    ['a further group too', { uid: 0, gid: 107, mode: 0o660 }, nobody, true],
    ['every other user by the last three', { uid: 0, gid: 0, mode: 0o644 }, nobody, false],
    ['every other user where they grant it', { uid: 0, gid: 0, mode: 0o646 }, nobody, true],
  ])('%s', (_what, file, opener, expected) => {
    expect(permits(file, opener, 6)).toBe(expected);
  });
});
