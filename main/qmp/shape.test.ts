import { expect, test } from 'vitest';
import type { JsonValue } from './json.ts';
import * as shape from './shape.ts';

const status = shape.object<{ status: string; bytes: number; rate?: number; list?: readonly boolean[] }>(
  { status: shape.string, bytes: shape.integer },
  { rate: shape.lenient(shape.number), list: shape.listOf(shape.boolean) },
);

test('members that are named are read, others are left out', () => {
  expect(status({ status: 'active', bytes: 7, rate: 0.5, list: [true], 'of-tomorrow': 1 }, '$')).toEqual({
    status: 'active',
    bytes: 7,
    rate: 0.5,
    list: [true],
  });
});

test('what is optional may be missing, and a statistic may be unreadable', () => {
  expect(status({ status: 'active', bytes: 7, rate: 'fast' }, '$')).toEqual({ status: 'active', bytes: 7 });
});

test('a fault of ours is not taken for an unreadable answer', () => {
  const broken = shape.lenient(() => {
    throw new TypeError('ours');
  });
  expect(() => broken(1, '$')).toThrow(TypeError);
});

test.each<[string, JsonValue, string]>([
  ['no object', 7, '$ is not an object'],
  ['a member that is missing', { status: 'active' }, '$.bytes is not present'],
  ['a number for a text', { status: 7, bytes: 7 }, '$.status is not a string'],
  ['a fraction of a byte', { status: 'active', bytes: 0.5 }, '$.bytes is not an integer below 2^53'],
  ['no list', { status: 'active', bytes: 7, list: {} }, '$.list is not a list'],
  ['an item of another kind', { status: 'active', bytes: 7, list: [true, 'no'] }, '$.list[1] is not true or false'],
])('%s is reported by its place', (_what, value, message) => {
  expect(() => status(value, '$')).toThrow(message);
});

test('a bandwidth may be beyond what a number holds', () => {
  expect([shape.wideInteger(2n ** 63n, '$'), shape.wideInteger(5, '$')]).toEqual([2n ** 63n, 5]);
  expect(() => shape.wideInteger('5', '$')).toThrow('$ is not an integer');
});
