/**
 * JSON as QMP needs it. Two things differ from the built-in pair:
 *
 * - Integers keep every digit. QEMU's `int`, `size` and `uint64` reach 2^64-1; a JavaScript number is exact up to 2^53-1.
 *   A smaller integer is a `number`, a larger one a `bigint`, in both directions; an inexact number is refused on sending.
 * - A member called `__proto__` is dropped on reading, so that copying an answer can never change a prototype.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: JsonValue;
}

/** What QEMU's own parser refuses to nest deeper (MAX_NESTING in qobject/json-streamer.c); ours in both directions. */
export const maxJsonDepth = 1024;

const smallestInteger = -(2n ** 63n);
const largestInteger = 2n ** 64n - 1n;

/** The value cannot be written so that QEMU reads the same back. `path` names the member, `$.arguments.size` for instance. */
export class UnsendableError extends Error {
  override readonly name = 'UnsendableError';
  readonly path: string;

  constructor(path: string, reason: string) {
    super(`${path} ${reason}`);
    this.path = path;
  }
}

/**
 * The largest message whose every member is looked at: a quarter of a second, in which this process does nothing else
 * (measured: 8.6 s for 10 MiB). What QEMU says with large numbers in it takes a few KiB.
 */
export const maxCarefulLength = 256 * 1024;

/** The message holds what needs care, and is too long for it. */
export class CostlyJsonError extends Error {
  override readonly name = 'CostlyJsonError';
}

/** Throws SyntaxError or `CostlyJsonError`. The caller bounds the depth of nesting: `FrameReader` does. */
export function parseJson(text: string): JsonValue {
  if (!mayNeedCare.test(text)) return JSON.parse(text);
  if (text.length > maxCarefulLength) throw new CostlyJsonError(`a message of ${text.length} characters needs care`);
  return JSON.parse(text, keepDigitsDropProto);
}

/** One line of JSON, without its newline. Members that are `undefined` are left out. Throws `UnsendableError`. */
export function printJson(value: unknown): string {
  return print(value, '$', 0);
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The reviver makes parsing five times as slow, and few messages hold a long run of digits or an escaped letter.
const mayNeedCare = /\d{16}|__proto__|\\u/;

/** V8 gives a third argument (ECMA-262, JSON.parse source text access) that TypeScript's library does not declare yet. */
function keepDigitsDropProto(
  key: string,
  value: JsonValue,
  context?: { readonly source?: string },
): JsonValue | undefined {
  if (key === '__proto__') return undefined;
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = String(context?.source);
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function print(value: unknown, path: string, depth: number): string {
  if (depth > maxJsonDepth) throw new UnsendableError(path, `is nested deeper than ${maxJsonDepth} levels`);
  switch (typeof value) {
    case 'string':
      return printString(value, path);
    case 'boolean':
      return String(value);
    case 'number':
      return printNumber(value, path);
    case 'bigint':
      return printBigint(value, path);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value)
        ? `[${value.map((item, index) => print(item, `${path}[${index}]`, depth + 1)).join(',')}]`
        : `{${printMembers(value, path, depth).join(',')}}`;
    default:
      throw new UnsendableError(path, `is of type ${typeof value}, which JSON cannot represent`);
  }
}

function printMembers(object: object, path: string, depth: number): string[] {
  return Object.entries(object)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${printString(key, path)}:${print(member, `${path}.${key}`, depth + 1)}`);
}

function printBigint(value: bigint, path: string): string {
  if (value < smallestInteger || value > largestInteger)
    throw new UnsendableError(path, `is ${value}: QEMU's integers go from -2^63 to 2^64-1`);
  return String(value);
}

function printNumber(value: number, path: string): string {
  if (!Number.isFinite(value)) throw new UnsendableError(path, `is ${value}, which JSON cannot represent`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new UnsendableError(path, `is ${value}, which has lost digits; pass a bigint`);
  return Object.is(value, -0) ? '0' : String(value);
}

/** QEMU answers a string it does not accept with an error that carries no id, so it fits no command. */
function printString(value: string, path: string): string {
  if (!value.isWellFormed() || /\p{Noncharacter_Code_Point}/u.test(value))
    throw new UnsendableError(path, 'holds a lone surrogate or a Unicode noncharacter, which QEMU refuses');
  return JSON.stringify(value);
}
