/** A place in plain data: the keys that lead there. */
export type Path = readonly (string | number)[];

/** Every value that is no list and no object, with where it is. */
export function leavesOf(value: unknown, path: Path = []): readonly { readonly path: Path; readonly value: unknown }[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  return Object.entries(value).flatMap(([key, member]) =>
    leavesOf(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** The same data with another value in one place. */
export function withLeaf<Data>(data: Data, path: Path, value: unknown): Data {
  const copy = structuredClone(data);
  let at: unknown = copy;
  for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key);
  Reflect.set(Object(at), path.at(-1) ?? '', value);
  return copy;
}

/** Another value of the same type. */
export function another(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return `${value}x`;
    case 'number':
      return value + 1;
    case 'boolean':
      return !value;
    default:
      throw new TypeError(`no other ${typeof value}`);
  }
}
