import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { exampleEvents, journalOf } from '#main/export/testing/example-migration.ts';
import { encodeLine } from './line.ts';
import { readJournal } from './reading.ts';

const entries = journalOf(...exampleEvents);
const lines = entries.map(encodeLine);
const bytes = Buffer.from(lines.join(''));
const ends = lines.map((_line, index) => Buffer.byteLength(lines.slice(0, index + 1).join('')));

/** How many entries end at or before this byte. */
const wholeAt = (byte: number): number => ends.filter((end) => end <= byte).length;

test('a whole journal is read whole', () => {
  expect(readJournal(bytes)).toEqual({
    entries,
    foreign: [],
    cleanByteCount: bytes.byteLength,
    nextSequence: entries.length,
    damage: undefined,
  });
});

test('every truncation point leaves the entries before it, and calls the rest torn', () => {
  for (let at = 0; at <= bytes.byteLength; at += 1) {
    const whole = wholeAt(at);
    const clean = ends[whole - 1] ?? 0;
    const reading = readJournal(bytes.subarray(0, at));
    // Deep equality at each of these thousands of points would take minutes: the entries are compared by number, once.
    expect([reading.entries.length, reading.nextSequence, reading.cleanByteCount, reading.damage]).toEqual([
      whole,
      whole,
      clean,
      at === clean ? undefined : { kind: 'torn', atByte: clean, byteCount: at - clean },
    ]);
  }
});

test('flipped bytes never give a wrong entry', () => {
  const flips = fc.array(fc.tuple(fc.nat({ max: bytes.byteLength - 1 }), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(flips, (changes) => {
      const changed = Buffer.from(bytes);
      for (const [at, mask] of changes) changed[at] = (changed[at] ?? 0) ^ mask;
      const reading = readJournal(changed);
      const firstChange = changed.findIndex((byte, index) => byte !== bytes[index]);
      const whole = firstChange === -1 ? entries.length : wholeAt(firstChange);
      expect(reading.entries).toEqual(entries.slice(0, whole));
      expect(reading.damage === undefined).toBe(firstChange === -1);
    }),
    { numRuns: 300 },
  );
});

test('arbitrary bytes are damage, not an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (garbage) => {
      expect(readJournal(garbage)).toMatchObject({ entries: [], cleanByteCount: 0, nextSequence: 0 });
    }),
  );
});

test('damage in the middle takes what stands behind it along', () => {
  const damaged = [lines[0], lines[1]?.replace('listen', 'lasten'), ...lines.slice(2)].join('');
  const clean = ends[0] ?? 0;
  expect(readJournal(Buffer.from(damaged))).toEqual({
    entries: entries.slice(0, 1),
    foreign: [],
    cleanByteCount: clean,
    nextSequence: 1,
    damage: { kind: 'corrupt', atByte: clean, byteCount: bytes.byteLength - clean },
  });
});

test.for([
  ['a missing line', [lines[0], lines[2]]],
  ['a repeated line', [lines[0], lines[0]]],
  ['lines out of order', [lines[0], lines[2], lines[1]]],
] as const)('%s is corruption, intact as each line may be', ([, kept]) => {
  expect(readJournal(Buffer.from(kept.join('')))).toMatchObject({ nextSequence: 1, damage: { kind: 'corrupt' } });
});

test('a hole of zero bytes at the end is what a power loss leaves: torn', () => {
  const torn = Buffer.concat([Buffer.from(lines[0] ?? ''), Buffer.alloc(64), Buffer.from('"}}\n')]);
  expect(readJournal(torn).damage).toEqual({ kind: 'torn', atByte: ends[0], byteCount: 68 });
});

test('a hole with intact lines behind it is no torn tail', () => {
  const holed = Buffer.concat([Buffer.from(lines[0] ?? ''), Buffer.alloc(64), Buffer.from(`\n${lines[1]}`)]);
  expect(readJournal(holed).damage).toMatchObject({ kind: 'corrupt', atByte: ends[0] });
});

test('a line that was whole and has changed is corruption, also at the very end', () => {
  const changed = (lines[0] ?? '') + (lines[1] ?? '').replace('listen', 'lasten');
  expect(readJournal(Buffer.from(changed)).damage).toMatchObject({ kind: 'corrupt', atByte: ends[0] });
});
