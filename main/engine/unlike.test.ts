import { expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { JudgedFinding } from '#main/likeness/finding.ts';
import { plan } from './simulation/states.ts';
import { harmlessOf, refuseUnlike } from './unlike.ts';

function difference(item: string, verdict: JudgedFinding['verdict'] = 'refused'): JudgedFinding {
  return { row: 'disk', item, text: `${item} differs.`, remedy: `Look at ${item}.`, verdict };
}

const bitmap = { row: 'bitmap-in-memory', item: 'b', text: 'b is lost.', remedy: 'Remove b.', acceptable: true };

/** What the operator reads; nothing where the guest may move. */
function refusalOf(
  differences: readonly JudgedFinding[],
  accepted: readonly string[] = [],
  obstacles = [bitmap],
): string {
  try {
    refuseUnlike({ ...plan, settings: { ...plan.settings, accepted: [...accepted] } }, obstacles, differences);
    return '';
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError)) throw thrown;
    return `${thrown.failure.text} ${thrown.failure.remedy}`;
  }
}

test('names three items and counts the others', () => {
  const differences = ['a', 'b', 'c', 'd', 'e'].map((item) => difference(item));
  expect(refusalOf(differences, [], [])).toBe(
    'Refused: the destination would differ from the guest. a differs. b differs. c differs; and 2 more. Look at a.',
  );
});

test('lets pass what is harmless or carried over, and what the operator has accepted', () => {
  const differences = [difference('a', 'harmless'), difference('b', 'carried')];
  expect(refusalOf(differences, ['bitmap-in-memory'])).toBe('');
});

test('refuses what was not accepted', () => {
  expect(refusalOf([])).toMatch(/b is lost\. Remove b\.$/);
});

test('keeps every harmless difference with its reason, and none of the others', () => {
  const differences = [difference('a', 'harmless'), difference('b', 'carried'), difference('c')];
  expect(harmlessOf(differences)).toEqual([{ text: 'a differs.', reason: 'Look at a.' }]);
});

test('of a thousand differences the journal keeps some, and how many there were', () => {
  const kept = harmlessOf(Array.from({ length: 1000 }, (_, index) => difference(`p${index}`, 'harmless')));
  expect([kept.length, kept.at(-1)?.text]).toEqual([501, '500 more differences of these kinds.']);
});
