import { expect, expectTypeOf, test } from 'vitest';
import { openNetworkNamespace, withNetworkNamespace } from './network-namespace.ts';

test.each(['', '.', '..', '../1/ns', 'a/b'])('"%s" is not the name of a namespace', (name) => {
  expect(() => openNetworkNamespace({ name })).toThrow('is not the name of a network namespace');
});

test('the result has the type of what the function returns', () => {
  expectTypeOf(() => withNetworkNamespace({ pid: 1 }, () => ['text'])).returns.toEqualTypeOf<string[]>();
});

test('a function that returns a promise does not compile', () => {
  expectTypeOf(withNetworkNamespace<number>)
    .parameter(1)
    .toEqualTypeOf<() => number>();
  expectTypeOf(withNetworkNamespace<Promise<number>>)
    .parameter(1)
    .toEqualTypeOf<() => never>();
});
