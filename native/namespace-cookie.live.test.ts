import { describe, expect, test } from 'vitest';
import { canMakeNamespaces, makeNamespace } from './fixtures/namespace.ts';
import { namespaceCookie } from './namespace-cookie.ts';
import { withNetworkNamespace } from './network-namespace.ts';

describe.skipIf(!canMakeNamespaces)('the cookie of a network namespace (needs root)', () => {
  test('stays the same, and no namespace gets that of another that is gone', () => {
    const cookies = Array.from({ length: 20 }, () => {
      using namespace = makeNamespace();
      const [first, second] = [1, 2].map(() => withNetworkNamespace({ name: namespace.name }, namespaceCookie));
      return first === second ? first : 'another one';
    });
    expect(new Set([...cookies, namespaceCookie()]).size).toBe(21);
  });
});
