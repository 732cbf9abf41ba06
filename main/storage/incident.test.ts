import { expect, test } from 'vitest';
import { describeThrown, mostStackLength } from './incident.ts';

test('a fault is described by its stack, its members and the stacks of its causes', () => {
  const fault = Object.assign(new TypeError('outer', { cause: new RangeError('inner') }), { code: 'EX' });
  const text = describeThrown(fault);
  expect(
    ['TypeError: outer', 'incident.test.ts', "code: 'EX'", '[cause]: RangeError: inner'].filter(
      (part) => !text.includes(part),
    ),
  ).toEqual([]);
});

test('any thrown value can be described', () => {
  const hostile = {
    get stack(): string {
      throw new Error('no');
    },
    toString: undefined,
  };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const thrown = [undefined, 'text', 42n, Symbol('s'), hostile, proxy, () => undefined];
  expect(thrown.map((each) => typeof describeThrown(each))).toEqual(thrown.map(() => 'string'));
});

test('a description is no longer than an incident may be', () => {
  expect(describeThrown(new Error('x'.repeat(1_000_000))).length).toBe(mostStackLength);
});
