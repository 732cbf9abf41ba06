import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonObject, parseJson, printJson, UnsendableError, type JsonValue } from './json.ts';

/** Integers as this room holds them: a bigint only where a number would not be exact. */
const integer = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
  .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));

const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    integer,
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

test('what is printed is read back the same, to the last digit', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(parseJson(printJson(value))).toStrictEqual(value);
    }),
  );
});

test('an integer beyond 2^53 is read as a bigint, one below as a number', () => {
  expect(parseJson('[9007199254740991,9007199254740992,18446744073709551615,-9223372036854775808]')).toStrictEqual([
    9007199254740991,
    9007199254740992n,
    18446744073709551615n,
    -9223372036854775808n,
  ]);
});

test('a number with a fraction or an exponent stays a number', () => {
  expect(parseJson('[400.1234567890123456,1e20]')).toStrictEqual([400.1234567890123, 1e20]);
});

test.each(['{"__proto__":{"running":true},"a":1}', '{"\\u005f_proto__":{"running":true},"a":1}'])(
  'a member called __proto__ is dropped: %s',
  (text) => {
    const value = parseJson(text);
    const merged = Object.assign({}, isJsonObject(value) ? value : {});
    expect([merged, Reflect.get(merged, 'running')]).toStrictEqual([{ a: 1 }, undefined]);
  },
);

test('what has no digits to lose is printed as it is', () => {
  expect(printJson([null, true, -0, -1, 0.5, 2n ** 63n, 'a\n', {}])).toBe(
    '[null,true,0,-1,0.5,9223372036854775808,"a\\n",{}]',
  );
});

test('members that are undefined are left out', () => {
  expect(printJson({ enable: undefined, id: 1 })).toBe('{"id":1}');
});

test.each<[string, unknown, string]>([
  ['a number that has lost digits', { speed: 2 ** 63 }, '$.speed'],
  ['not a number', { speed: Number.NaN }, '$.speed'],
  ['no end', [1, Number.POSITIVE_INFINITY], '$[1]'],
  ['a bigint above 2^64-1', { size: 2n ** 64n }, '$.size'],
  ['a bigint below -2^63', { size: -(2n ** 63n) - 1n }, '$.size'],
  ['a lone surrogate', { name: '\uD800' }, '$.name'],
  ['a noncharacter', { name: '\uFDD0' }, '$.name'],
  ['a function', { name: () => 1 }, '$.name'],
])('%s is refused with the place where it stands', (_what, value, path) => {
  expect(() => printJson(value)).toThrow(expect.objectContaining({ name: 'UnsendableError', path }));
});

test('a nesting that QEMU would refuse is refused', () => {
  const deep = JSON.parse('['.repeat(1030) + ']'.repeat(1030));
  expect(() => printJson(deep)).toThrow(UnsendableError);
});
