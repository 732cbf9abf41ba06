import { expect, test } from 'vitest';
import { mutantsOf, mutated, type Dialect } from './mutants.ts';

const plain: Dialect = { decisions: {}, words: [] };

/** The changed texts, each once, in the order of the source. */
function changes(source: string, dialect = plain): readonly string[] {
  return mutantsOf(source, dialect).map((mutant) => mutated(source, mutant));
}

test('a condition becomes true, false and its opposite', () => {
  expect(changes('if (a) b();')).toEqual(['if (true) b();', 'if (false) b();', 'if (!(a)) b();']);
});

test('a condition of two parts loses either, changes its connective, and each part turns round', () => {
  expect(changes('a = b && c;')).toEqual(['a = b;', 'a = c;', 'a = (b || c);', 'a = !(b) && c;', 'a = b && !(c);']);
});

test('a default is taken always or never', () => {
  expect(changes('a = b ?? c;')).toEqual(['a = b;', 'a = c;']);
});

test('a comparison moves its border and turns round', () => {
  expect([changes('a = b < c;'), changes('a = b === c;')]).toEqual([
    ['a = (b <= c);', 'a = (b >= c);'],
    ['a = (b !== c);'],
  ]);
});

test('a number moves by one, a truth turns round, a mark of negation falls off', () => {
  expect([changes('a = 2;'), changes('a = true;'), changes('a = !b;')]).toEqual([
    ['a = 3;', 'a = 1;'],
    ['a = false;'],
    ['a = b;'],
  ]);
});

test('a case of a switch disappears', () => {
  expect(changes("switch (a) { case 'x': b(); }")).toEqual(['switch (a) {  }']);
});

test('a list loses each of its members; a record does where it is made from another one', () => {
  expect([changes("a = ['x', 'y'];"), changes('a = { ...b, c };'), changes('a = { c };')]).toEqual([
    ["a = [ 'y'];", "a = ['x', ];"],
    ['a = {  c };', 'a = { ...b,  };'],
    [],
  ]);
});

test('a decision is replaced by another one, a word by the next of its kind, any other text by another', () => {
  const dialect: Dialect = { decisions: { end: 'wait()' }, words: [['lost', 'safe']] };
  expect(changes("a = end('lost', 'why');", dialect)).toEqual([
    'a = wait();',
    'a = end("safe", \'why\');',
    'a = end(\'lost\', "why~");',
  ]);
});

test('types, imports and names stay', () => {
  expect(changes("import { a } from 'b'; type C = 'x' | 'y'; const d: 'x' | undefined = a.e['f'];")).toEqual([]);
});

test('a mutant is named by its function, not by its line', () => {
  const names = (source: string): readonly string[] => mutantsOf(source, plain).map(({ name }) => name);
  const source = 'function f() { return 0 + 0; }';
  expect(names(`\n\n${source}`)).toEqual(names(source));
  expect(names(source)).toEqual(['f: 0 + 0 -> (0 - 0)', 'f: 0 -> 1', 'f: 0 -> 1 (2)']);
});

test('what is no TypeScript has no mutants', () => {
  expect(() => mutantsOf('const = 1;', plain)).toThrow('not TypeScript');
});
