import { expect, test } from 'vitest';
import { DecisionTrace } from './decision-trace.ts';
import type { Decision } from './decide.ts';

const decisions: readonly Decision[] = [
  { kind: 'wait', waitingFor: 'the copy' },
  { kind: 'wait', waitingFor: 'the copy' },
  { kind: 'act', step: 'migrate' },
  { kind: 'wait', waitingFor: 'the copy' },
  { kind: 'note', event: { kind: 'committed' } },
  { kind: 'end', outcome: 'done-on-destination', guest: 'destination' },
];

test('a decision is traced where it is another one than before', () => {
  const lines: string[] = [];
  const traced = new DecisionTrace((line) => lines.push(line));
  for (const decision of decisions) traced.saw(decision);
  expect(lines).toEqual([
    'wait: the copy',
    'act: migrate',
    'wait: the copy',
    'note: committed',
    'end: done-on-destination, guest destination',
  ]);
});

test('without a trace nothing is done', () => {
  const untraced = new DecisionTrace(undefined);
  expect(decisions.map((decision) => untraced.saw(decision))).toEqual(decisions.map(() => undefined));
});
