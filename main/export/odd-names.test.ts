import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { oddNames, unseenIn } from '#contract/testing/odd-names.ts';
import type { MigrationRecord } from '#contract/migration.ts';
import { recordToCsv } from './csv.ts';
import { recordToHtml } from './html.ts';
import { recordToJson } from './json.ts';
import { recordToLog } from './log.ts';
import { oddRecord } from './testing/odd-record.ts';

const faces: readonly (readonly [format: string, write: (record: MigrationRecord) => string, mostLine: number])[] = [
  ['JSON', recordToJson, 100_000],
  ['CSV', recordToCsv, 4000],
  ['log', recordToLog, 2500],
  ['HTML', recordToHtml, 60_000],
];

test.each(faces)('%s shows any name, in lines of bounded length', (_format, write, mostLine) => {
  const names = oneof(
    constantFrom(...oddNames),
    array(oneof(constantFrom(...oddNames), string())).map((parts) => parts.join('')),
  );
  assert(
    property(names, (name) => {
      const text = write(oddRecord(name));
      const longest = Math.max(...text.split('\n').map(({ length }) => length));
      expect([unseenIn(text, '\r\n'), text.isWellFormed(), longest <= mostLine || longest]).toEqual([
        undefined,
        true,
        true,
      ]);
    }),
    { numRuns: 60 },
  );
});

test.each(['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>'])('%s is text in a report', (name) => {
  expect(recordToHtml(oddRecord(name))).not.toMatch(/<script|<img/);
});

test('JSON decodes to the very names', () => {
  expect(JSON.parse(recordToJson(oddRecord('web\u202e\u009b01')))).toMatchObject({ guest: 'web\u202e\u009b01' });
});
