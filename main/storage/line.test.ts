import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { exampleEvents, journalOf } from '#main/export/testing/example-migration.ts';
import { decodeLine, encodeLine } from './line.ts';

const entry = { sequence: 4, atMonoMs: 1203.5, atEpochMs: 1_795_000_000_000, event: { kind: 'committed' } } as const;

test('a line is the entry as JSON with its checksum in front', () => {
  expect(encodeLine(entry)).toBe(
    '{"crc32":"b3950368","sequence":4,"atMonoMs":1203.5,"atEpochMs":1795000000000,"event":{"kind":"committed"}}\n',
  );
});

test('every kind of entry comes back as it was written', () => {
  const entries = journalOf(...exampleEvents);
  expect(entries.map((each) => decodeLine(encodeLine(each).trimEnd()))).toEqual(
    entries.map((each) => ({ kind: 'entry', entry: each })),
  );
});

test('any text survives, also line breaks, lone surrogates and what JSON escapes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (raw) => {
      const written = { ...entry, event: { kind: 'output-kept', side: 'source', raw } } as const;
      expect(decodeLine(encodeLine(written).slice(0, -1))).toEqual({ kind: 'entry', entry: written });
    }),
  );
});

test('an entry of another version is kept raw', () => {
  const newer = JSON.parse(JSON.stringify(entry).replace('"committed"', '"path-weighed"'));
  expect(decodeLine(encodeLine(newer).trimEnd())).toEqual({
    kind: 'foreign',
    entry: { sequence: 4, atMonoMs: 1203.5, atEpochMs: 1_795_000_000_000, raw: { kind: 'path-weighed' } },
  });
});

test('a number that JSON does not have is written as 0', () => {
  const event = { kind: 'stalled', forMs: Number.NaN, guest: 'source' } as const;
  expect(decodeLine(encodeLine({ ...entry, event }).trimEnd())).toEqual({
    kind: 'entry',
    entry: { ...entry, event: { ...event, forMs: 0 } },
  });
});

test('a changed character, wherever it is, is damage', () => {
  const line = encodeLine(entry).trimEnd();
  const changed = Array.from(
    line,
    (character, index) => line.slice(0, index) + (character === '7' ? '8' : '7') + line.slice(index + 1),
  );
  expect(new Set(changed.map((each) => decodeLine(each).kind))).toEqual(new Set(['damaged']));
});

test('intact JSON that is no entry is damage, not an exception', () => {
  const headless = JSON.parse(JSON.stringify({ ...entry, sequence: undefined }));
  expect(decodeLine(encodeLine(headless).trimEnd())).toEqual({ kind: 'damaged' });
});

test.for(['', '{}', '{"crc32":"00000000",', 'not JSON', '{"crc32":"d202ef8d",}'])('%j is damage', (line) => {
  expect(decodeLine(line)).toEqual({ kind: 'damaged' });
});
