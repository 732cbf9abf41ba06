/**
 * Kernel structs as tables: one line per field says where it lies and what it is called in C. The TypeScript type, the
 * decoder and the tests against the headers all come from the same line.
 */
export interface StructField {
  readonly offset: number;
  /**
   * `u64` becomes a number: our counters stay far below 2^53. `sequence` is a u64 that uses all its bits, a bigint.
   */
  readonly kind: 'u8' | 'u16' | 'u32' | 'u64' | 'sequence';
  /** Name in the C struct. */
  readonly member: string;
  /** The Linux release that added the field, where that is later than the oldest we support (5.16). */
  readonly since?: string;
}

export type StructLayout = Readonly<Record<string, StructField>>;

type FieldValue<Field extends StructField> =
  (Field['kind'] extends 'sequence' ? bigint : number) | (Field extends { readonly since: string } ? undefined : never);

/** What a layout decodes to: fields with a `since` are `undefined` on older kernels. */
export type Decoded<Layout extends StructLayout> = {
  readonly [Name in keyof Layout]: FieldValue<Layout[Name]>;
};

const fieldBytes = { u8: 1, u16: 2, u32: 4, u64: 8, sequence: 8 } as const;

export function fieldEnd(field: StructField): number {
  return field.offset + fieldBytes[field.kind];
}

/**
 * A decoder for the bytes that the kernel returned: exactly those, cut to the length it reported. Fields that lie beyond
 * are `undefined`; too few bytes even for the fields of our oldest kernel give `undefined` as a whole.
 */
export function structDecoder<Layout extends StructLayout>(
  layout: Layout,
): (bytes: Buffer) => Decoded<Layout> | undefined;
export function structDecoder(
  layout: StructLayout,
): (bytes: Buffer) => Record<string, number | bigint | undefined> | undefined {
  const fields = Object.entries(layout);
  const minimumBytes = Math.max(...fields.map(([, field]) => (field.since === undefined ? fieldEnd(field) : 0)));
  return (bytes) => {
    if (bytes.length < minimumBytes) return undefined;
    const decoded: Record<string, number | bigint | undefined> = {};
    for (const [name, field] of fields) {
      decoded[name] = fieldEnd(field) <= bytes.length ? readField(bytes, field) : undefined;
    }
    return decoded;
  };
}

function readField(bytes: Buffer, field: StructField): number | bigint {
  switch (field.kind) {
    case 'u8':
      return bytes.readUInt8(field.offset);
    case 'u16':
      return bytes.readUInt16LE(field.offset);
    case 'u32':
      return bytes.readUInt32LE(field.offset);
    case 'u64':
      return Number(bytes.readBigUInt64LE(field.offset));
    case 'sequence':
      return bytes.readBigUInt64LE(field.offset);
  }
}
