import { expect, test } from 'vitest';
import { untakenIn } from './branches.ts';

const at = (line?: number): { start: { line?: number } } => ({ start: line === undefined ? {} : { line } });

test('what was not taken is reported by its line, an else without a place by its if', () => {
  const report = {
    '/a.ts': {
      branchMap: {
        0: { type: 'if', loc: at(3), locations: [at(3), at()] },
        1: { type: 'switch', loc: at(7), locations: [at(8), at(9)] },
      },
      b: { 0: [4, 0], 1: [0, 2] },
      fnMap: { 0: { name: 'called', loc: at(1) }, 1: { name: 'forgotten', loc: at(20) } },
      f: { 0: 1, 1: 0 },
    },
    '/b.ts': { branchMap: {}, b: {}, fnMap: {}, f: {} },
  };
  expect(untakenIn(report)).toEqual([
    { file: '/a.ts', line: 3, what: 'if 1' },
    { file: '/a.ts', line: 8, what: 'switch 0' },
    { file: '/a.ts', line: 20, what: 'function forgotten' },
  ]);
});
