import { crc32 } from 'node:zlib';
import { toJson } from '#contract/json.ts';
import { journalEntrySchema, journalEventSchema, type JournalEntry } from '#contract/migration.ts';

/**
 * One line of the journal: the entry's JSON with a checksum as its first member,
 *
 *     {"crc32":"9f3a12bc","sequence":4,"atMonoMs":1203.5,"atEpochMs":1795000000000,"event":{"kind":"committed"}}
 *
 * The checksum (CRC-32 of RFC 1952, as zlib has it) covers the bytes of the same text without that member, so the line
 * can be checked without parsing it and is valid JSON for every other tool.
 */
export function encodeLine(entry: JournalEntry): string {
  const text = toJson(entry);
  return `{"crc32":"${checksum(text)}",${text.slice(1)}\n`;
}

/** An entry that is intact but of a kind or shape that this version does not know: another version wrote it. */
export interface ForeignEntry {
  readonly sequence: number;
  readonly atMonoMs: number;
  readonly atEpochMs: number;
  readonly raw: unknown;
}

export type DecodedLine =
  | { readonly kind: 'entry'; readonly entry: JournalEntry }
  | { readonly kind: 'foreign'; readonly entry: ForeignEntry }
  | { readonly kind: 'damaged' };

const envelopeSchema = journalEntrySchema.omit({ event: true }).loose();

const checksumMember = /^\{"crc32":"([0-9a-f]{8})",/;

/** `line` is without its newline. Never throws. */
export function decodeLine(line: string): DecodedLine {
  const member = checksumMember.exec(line);
  if (!member) return { kind: 'damaged' };
  const text = `{${line.slice(member[0].length)}`;
  if (checksum(text) !== member[1]) return { kind: 'damaged' };
  const envelope = envelopeSchema.safeParse(parsed(text));
  if (!envelope.success) return { kind: 'damaged' };
  const { sequence, atMonoMs, atEpochMs, event: raw } = envelope.data;
  const when = { sequence, atMonoMs, atEpochMs };
  const event = journalEventSchema.safeParse(raw);
  return event.success
    ? { kind: 'entry', entry: { ...when, event: event.data } }
    : { kind: 'foreign', entry: { ...when, raw } };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
