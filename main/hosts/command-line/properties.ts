import { parseOptionList } from './option-list.ts';

/**
 * Key and value of every property of an option that may be written as a list or, since QEMU 6.0 and always by
 * libvirt, as JSON (`-netdev {"type":"tap","fd":"28"}`). Of JSON only the top level is read.
 */
export function propertiesOf(value: string, impliedKey: string): ReadonlyMap<string, string> {
  if (!value.startsWith('{')) return new Map(parseOptionList(value, impliedKey).map((item) => [item.key, item.value]));
  return new Map(membersOf(value).map(([key, member]) => [key, jsonText(member)]));
}

/** The members of an option in JSON: what begins with a brace is an object or none. */
export function membersOf(text: string): readonly (readonly [string, unknown])[] {
  try {
    return Object.entries<unknown>(JSON.parse(text));
  } catch {
    // QEMU would not have started with it; it has no property that we can name.
    return [];
  }
}

function jsonText(member: unknown): string {
  if (typeof member === 'boolean') return member ? 'on' : 'off';
  return typeof member === 'string' ? member : JSON.stringify(member);
}
