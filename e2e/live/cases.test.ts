import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cases } from './cases.ts';

/** Numbers at the beginning of the titles of the tests in this folder: `case 7: …`. */
function numbersInTitles(): ReadonlySet<number> {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.live.test.ts'));
  const text = files.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n');
  return new Set([...text.matchAll(/\(\s*['"`]case (\d+): /g)].map(([, number]) => Number(number)));
}

const tested = numbersInTitles();
const real = cases.filter(({ made }) => made === 'real').map(({ id }) => id);

test('the first forty cases are there, and each later one by its own number, in order', () => {
  const ids = cases.map(({ id }) => id);
  expect(ids.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other));
});

test('every case has a test on real QEMU', () => {
  expect(real.filter((id) => !tested.has(id))).toEqual([]);
});

test('every test that names a case names one of the list', () => {
  expect([...tested].filter((id) => !real.includes(id))).toEqual([]);
});

test('what cannot be made here yet says what it waits for', () => {
  expect(cases.flatMap(({ id, made }) => (made === 'real' ? [] : `${id} ${made}`))).toEqual([
    '7 waits for TLS hosts',
    '13 waits for SSH hosts',
  ]);
});

test('docs/lifecycle.md has each in the same words', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'lifecycle.md'), 'utf8');
  const rows = page.split('\n').flatMap((line) => (/^\|\s*\d+ \|/.test(line) ? [line.split(' | ').slice(0, 4)] : []));
  expect(rows.map((cells) => cells.map((cell) => cell.replace(/^\|/, '').trim()))).toEqual(
    cases.map(({ id, phase, fault, sees }) => [String(id), phase, fault, sees]),
  );
});
