import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { obstacles } from './obstacles.ts';
import { diskRefusals } from './open-image.ts';
import { rows } from './rows.ts';

const guide = readFileSync('docs/guests.md', 'utf8');

/** The cells of the table under a heading, without its first two lines. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const section = guide.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
}

test('the guide names what is compared and what is carried over, as the table has it', () => {
  expect(tableUnder('What is compared')).toEqual(
    rows.map(({ id, reads, carries = 'nothing; a difference is refused' }) => [`\`${id}\``, reads, carries]),
  );
});

test('the guide names what is refused and why, as the table has it', () => {
  expect(tableUnder('What is refused')).toEqual(
    [...obstacles, ...diskRefusals].map(({ id, refuses, because }) => [`\`${id}\``, refuses, because]),
  );
});
