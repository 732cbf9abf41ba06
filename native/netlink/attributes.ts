import { malformed } from './netlink-error.ts';

const headerBytes = 4;
/** The two top bits of nla_type are flags: NLA_F_NESTED and NLA_F_NET_BYTEORDER (include/uapi/linux/netlink.h). */
const typeMask = 0x3fff;
const nestedFlag = 0x8000;

export function align4(length: number): number {
  return (length + 3) & ~3;
}

/**
 * The attributes of one netlink message or nest, looked up by type. Types that are not asked for are ignored, so that answers of
 * newer kernels are read as well; when a type occurs twice the last one counts, as in the kernel's own nla_parse().
 * Integers are in host byte order unless the name says `BigEndian`. A reader answers `undefined` when the attribute is
 * absent and throws `malformed` when it is too short for its type. Source: include/uapi/linux/netlink.h, struct nlattr.
 */
export class Attributes {
  readonly #values: ReadonlyMap<number, Buffer>;

  private constructor(values: ReadonlyMap<number, Buffer>) {
    this.#values = values;
  }

  static decode(bytes: Buffer): Attributes {
    return new Attributes(new Map(entriesOf(bytes)));
  }

  bytes(type: number): Buffer | undefined {
    return this.#values.get(type);
  }

  u8(type: number): number | undefined {
    return this.#atLeast(type, 1)?.readUInt8(0);
  }

  u16(type: number): number | undefined {
    return this.#atLeast(type, 2)?.readUInt16LE(0);
  }

  u16BigEndian(type: number): number | undefined {
    return this.#atLeast(type, 2)?.readUInt16BE(0);
  }

  u32(type: number): number | undefined {
    return this.#atLeast(type, 4)?.readUInt32LE(0);
  }

  s32(type: number): number | undefined {
    return this.#atLeast(type, 4)?.readInt32LE(0);
  }

  u64(type: number): bigint | undefined {
    return this.#atLeast(type, 8)?.readBigUInt64LE(0);
  }

  /** Text up to its first NUL. */
  text(type: number): string | undefined {
    const value = this.#values.get(type);
    if (value === undefined) return undefined;
    const end = value.indexOf(0);
    return value.toString('utf8', 0, end < 0 ? value.length : end);
  }

  nested(type: number): Attributes | undefined {
    const value = this.#values.get(type);
    return value === undefined ? undefined : Attributes.decode(value);
  }

  /** The members of an array nest: their own types are only indexes. */
  list(type: number): Attributes[] {
    const value = this.#values.get(type);
    return value === undefined ? [] : entriesOf(value).map(([, member]) => Attributes.decode(member));
  }

  #atLeast(type: number, length: number): Buffer | undefined {
    const value = this.#values.get(type);
    if (value !== undefined && value.length < length) {
      throw malformed(`attribute ${type} has ${value.length} bytes, at least ${length} are needed`);
    }
    return value;
  }
}

type Entry = readonly [type: number, value: Buffer];

function entriesOf(bytes: Buffer): Entry[] {
  const entries: Entry[] = [];
  let offset = 0;
  while (bytes.length - offset >= headerBytes) {
    const length = bytes.readUInt16LE(offset);
    if (length < headerBytes || length > bytes.length - offset) {
      throw malformed(`attribute length ${length} with ${bytes.length - offset} bytes left`);
    }
    const value = bytes.subarray(offset + headerBytes, offset + length);
    entries.push([bytes.readUInt16LE(offset + 2) & typeMask, value]);
    offset += align4(length);
  }
  return entries;
}

function attribute(type: number, value: Buffer): Buffer {
  const encoded = Buffer.alloc(align4(headerBytes + value.length));
  encoded.writeUInt16LE(headerBytes + value.length, 0);
  encoded.writeUInt16LE(type, 2);
  value.copy(encoded, headerBytes);
  return encoded;
}

/** Encoders, one a type; each returns a whole attribute with its padding, ready to be concatenated. */
export const encode = {
  bytes: attribute,
  u8: (type: number, value: number): Buffer => attribute(type, Buffer.of(value)),
  u16(type: number, value: number): Buffer {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value);
    return attribute(type, bytes);
  },
  u32(type: number, value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return attribute(type, bytes);
  },
  s32(type: number, value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return attribute(type, bytes);
  },
  text: (type: number, value: string): Buffer => attribute(type, Buffer.from(`${value}\0`)),
  nested: (type: number, members: readonly Buffer[]): Buffer => attribute(type | nestedFlag, Buffer.concat(members)),
};
