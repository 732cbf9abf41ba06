import { expect, test } from 'vitest';
import { labFiles, runtimeDirectory } from './runtime-directory.ts';

test.each([
  [{ SWITCHYARD_RUNTIME_DIR: '/x', XDG_RUNTIME_DIR: '/run/user/7' }, 7, '/x'],
  [{ XDG_RUNTIME_DIR: '/run/user/7' }, 7, '/run/user/7/switchyard'],
  [{}, 0, '/run/switchyard'],
])('with %o and uid %i it is %s', (env, uid, directory) => {
  expect(runtimeDirectory(env, uid)).toBe(directory);
});

test('a user without a session gets a directory of their own', () => {
  expect(runtimeDirectory({}, 7)).toMatch(/\/switchyard-7$/);
});

test('a socket path that no kernel accepts is refused before anything is made', () => {
  expect(() => labFiles('lab', `/${'x'.repeat(90)}`)).toThrow(/more than 107 bytes/);
});
