import { expect, test } from 'vitest';
import { labFiles } from './runtime-directory.ts';

test('a socket path that no kernel accepts is refused before anything is made', () => {
  expect(() => labFiles('lab', `/${'x'.repeat(90)}`)).toThrow(/more than 107 bytes/);
});
