import { expect, test } from 'vitest';
import { labNames, labOfSourceNamespace } from './names.ts';

test('everything in a lab is called after it', () => {
  expect(labNames('rack-2')).toEqual({
    lab: 'rack-2',
    source: 'rack-2-source',
    destination: 'rack-2-destination',
    guest: 'rack-2-guest',
  });
});

test.each(['', 'Lab', '-lab', 'lab-', 'a b', '../etc', 'x'.repeat(25)])('"%s" is no name for a lab', (name) => {
  expect(() => labNames(name)).toThrow(/cannot be the name of a lab/);
});

test('a lab is recognised by its source namespace', () => {
  expect(['rack-2-source', 'rack-2-destination', '-source'].map(labOfSourceNamespace)).toEqual([
    'rack-2',
    undefined,
    undefined,
  ]);
});
