/** What crosses a border instead of an exception: plain data that survives structuredClone and JSON. */
export type Result<Value, Failure> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: Failure };

export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function failed<Failure>(error: Failure): { readonly ok: false; readonly error: Failure } {
  return { ok: false, error };
}

/** Makes the compiler prove that a union has been handled to its last member. */
export function assertNever(value: never): never {
  throw new TypeError(`unhandled member: ${JSON.stringify(value)}`);
}
