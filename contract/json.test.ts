import { expect, test } from 'vitest';
import { toJson } from './json.ts';

test('a number that JSON cannot hold is 0, at any depth; everything else is as ever', () => {
  const value = { rate: Number.NaN, list: [Number.POSITIVE_INFINITY, -1.5], text: 'NaN', absent: undefined };
  expect(toJson(value)).toBe('{"rate":0,"list":[0,-1.5],"text":"NaN"}');
});

test('indented for reading', () => {
  expect(toJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}');
});
