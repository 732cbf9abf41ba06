import type { JournalEntry } from '#contract/migration.ts';
import { decodeLine, type ForeignEntry } from './line.ts';

/**
 * What is wrong after the clean prefix. `torn`: the last append was cut short, as a crash or a power loss leaves it;
 * its writer never learned that it was done, so nothing is lost. `corrupt`: something that had been written whole
 * has changed since; what stands behind it is not trusted, because what it builds on is missing.
 */
export interface Damage {
  readonly kind: 'torn' | 'corrupt';
  readonly atByte: number;
  readonly byteCount: number;
}

export interface JournalReading {
  /** The clean prefix, in sequence; those that another version wrote stand apart. */
  readonly entries: readonly JournalEntry[];
  readonly foreign: readonly ForeignEntry[];
  readonly cleanByteCount: number;
  readonly nextSequence: number;
  readonly damage: Damage | undefined;
}

const newline = 0x0a;

/** Reads a journal's bytes up to the first thing that is not exactly as it was written. Never throws. */
export function readJournal(bytes: Uint8Array): JournalReading {
  const entries: JournalEntry[] = [];
  const foreign: ForeignEntry[] = [];
  let clean = 0;
  let next = 0;
  for (const { line, end } of terminatedLines(bytes)) {
    const decoded = decodeLine(line);
    if (decoded.kind === 'damaged' || decoded.entry.sequence !== next) break;
    if (decoded.kind === 'entry') entries.push(decoded.entry);
    else foreign.push(decoded.entry);
    next += 1;
    clean = end;
  }
  return { entries, foreign, cleanByteCount: clean, nextSequence: next, damage: damageAfter(bytes, clean) };
}

function damageAfter(bytes: Uint8Array, clean: number): Damage | undefined {
  if (clean === bytes.byteLength) return undefined;
  const rest = bytes.subarray(clean);
  return { kind: isTorn(rest) ? 'torn' : 'corrupt', atByte: clean, byteCount: rest.byteLength };
}

/**
 * One append is in flight at a time: what a cut one leaves has no end of line, or holes of zero bytes (which JSON text
 * never holds) where a power loss took blocks away, and nothing intact behind it.
 */
function isTorn(rest: Uint8Array): boolean {
  if (!beginsAsALine(rest)) return false;
  if (!rest.includes(newline)) return true;
  if (!rest.includes(0)) return false;
  for (const { line } of terminatedLines(rest)) if (decodeLine(line).kind !== 'damaged') return false;
  return true;
}

/** As far as it goes, but for holes. Anything else has never been an append of ours: what was there is not known. */
function beginsAsALine(rest: Uint8Array): boolean {
  return rest.subarray(0, lineBeginning.byteLength).every((byte, index) => byte === 0 || byte === lineBeginning[index]);
}

const lineBeginning = new TextEncoder().encode('{"crc32":"');

function* terminatedLines(bytes: Uint8Array): Generator<{ readonly line: string; readonly end: number }> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let start = 0; start < bytes.byteLength;) {
    const end = bytes.indexOf(newline, start);
    if (end === -1) return;
    yield { line: decoder.decode(bytes.subarray(start, end)), end: end + 1 };
    start = end + 1;
  }
}
