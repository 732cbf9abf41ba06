import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/**
 * What an answer must look like, checked where it arrives: a QEMU that answers otherwise becomes a typed fault at once,
 * not a wrong decision three rooms away. Members that are not named are left out, so a newer QEMU may send more.
 */
export type Shape<Value> = (value: JsonValue, path: string) => Value;

export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  readonly path: string;
  readonly expected: string;

  constructor(path: string, expected: string) {
    super(`${path} is not ${expected}`);
    this.path = path;
    this.expected = expected;
  }
}

export const string: Shape<string> = (value, path) => (typeof value === 'string' ? value : mismatch(path, 'a string'));

export const boolean: Shape<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : mismatch(path, 'true or false');

/** A rate, a share: may have a fraction. */
export const number: Shape<number> = (value, path) => (typeof value === 'number' ? value : mismatch(path, 'a number'));

/** A count that stays below 2^53 whatever the guest: bytes of its memory, milliseconds, pages. */
export const integer: Shape<number> = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) ? value : mismatch(path, 'an integer below 2^53');

/** QAPI `size` and `uint64` where more than 2^53 is meant seriously: a bandwidth of "no limit", for instance. */
export const wideInteger: Shape<number | bigint> = (value, path) =>
  typeof value === 'number' || typeof value === 'bigint' ? value : mismatch(path, 'an integer');

/** For values on which no decision depends. */
export const anything: Shape<JsonValue> = (value) => value;

export const jsonObject: Shape<JsonObject> = (value, path) =>
  isJsonObject(value) ? value : mismatch(path, 'an object');

export function listOf<Item>(item: Shape<Item>): Shape<readonly Item[]> {
  return (value, path) =>
    Array.isArray(value)
      ? value.map((member: JsonValue, index) => item(member, `${path}[${index}]`))
      : mismatch(path, 'a list');
}

/** Left out when it cannot be read: a statistic in an unknown form must not hide the status beside it. */
export function lenient<Value>(shape: Shape<Value>): Shape<Value | undefined> {
  return (value, path) => {
    try {
      return shape(value, path);
    } catch (error) {
      if (error instanceof ShapeError) return undefined;
      throw error;
    }
  };
}

/** One of the strings we know, else the string as it came: an enum of QEMU grows with every release. */
export function openEnum<Known extends string>(): Shape<Known | UnknownText> {
  return (value, path) => string(value, path);
}

/** Keeps the known members of a union of strings visible to the reader and the compiler, although any string fits. */
export type UnknownText = string & Record<never, never>;

type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];
type OptionalKeys<T> = Exclude<keyof T, RequiredKeys<T>>;

/** The compiler sees to it that every member of `T` is named, as required or as optional. */
export function object<T extends object>(
  required: { readonly [K in RequiredKeys<T>]-?: Shape<T[K]> },
  optional: { readonly [K in OptionalKeys<T>]-?: Shape<T[K]> },
): Shape<T> {
  const requiredShapes = Object.entries<Shape<unknown>>(required);
  const optionalShapes = Object.entries<Shape<unknown>>(optional);
  return (value, path) => {
    const source = jsonObject(value, path);
    const result: Record<string, unknown> = {};
    for (const [key, shape] of requiredShapes) {
      const member = source[key];
      result[key] = member === undefined ? mismatch(`${path}.${key}`, 'present') : shape(member, `${path}.${key}`);
    }
    for (const [key, shape] of optionalShapes) {
      const member = source[key];
      const read = member === undefined ? undefined : shape(member, `${path}.${key}`);
      if (read !== undefined) result[key] = read;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each member was read by the shape of its own type
    return result as T;
  };
}

function mismatch(path: string, expected: string): never {
  throw new ShapeError(path, expected);
}
