import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { leftOutReasonSchema } from '#contract/migration.ts';
import { pathCases } from './fixtures/path-cases.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'paths.md'), 'utf8');

/** The cells of the table rows under a heading, without its head. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '').trim()));
}

const listed = (names: readonly string[]): string => names.join('; ') || '–';

test('docs/paths.md has each case in the same words', () => {
  expect(rowsUnder('Set-ups, and what is planned')).toEqual(
    pathCases.map(({ setUp, planned, leftOut, refused, why }) => [
      setUp,
      `${planned.join(', ')}${refused ? ' (refused)' : ''}`,
      listed(leftOut),
      why,
    ]),
  );
});

test('docs/paths.md explains every reason', () => {
  expect(rowsUnder('Reasons')).toEqual(
    leftOutReasonSchema.options.map((reason) => [`\`${reason}\``, expect.stringMatching(/\.$/)]),
  );
});
