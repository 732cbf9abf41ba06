import { expect, test } from 'vitest';
import type { PreflightAnswer } from '#contract/channels.ts';
import type { Check } from '#contract/migration.ts';
import { preflightLines } from './preflight.ts';

const holds: Check = { id: 'paths', severity: 'info', passed: true, text: '2 paths, 1 Gbit/s.' };
const answer: PreflightAnswer = {
  ready: true,
  checks: [holds],
  paths: [],
  forecast: {
    chosen: { durationMs: 4200, downtimeMs: 60, converges: true, text: 'It converges.' },
    onePath: { converges: false, text: 'It does not converge.' },
  },
  review: [
    { side: 'destination', command: '{"execute":"migrate-incoming"}' },
    { side: 'source', command: '{"execute":"migrate"}' },
  ],
};

test('checks, what it would be like, and the verdict', () => {
  expect(preflightLines(answer).split('\n')).toEqual([
    '✓ 2 paths, 1 Gbit/s.',
    '',
    'Forecast: It converges.',
    'Over one path alone: It does not converge.',
    '',
    'Ready: nothing stands in the way.',
  ]);
});

test('one path alone is no news where there is one path', () => {
  const { chosen } = answer.forecast;
  expect(preflightLines({ ...answer, forecast: { chosen, onePath: chosen } })).not.toContain('alone');
});

test('on request, what each QEMU would be sent', () => {
  expect(preflightLines(answer, { commands: true }).split('\n').slice(5, 7)).toEqual([
    'destination  {"execute":"migrate-incoming"}',
    'source       {"execute":"migrate"}',
  ]);
});

test.each([
  [1, 'Not ready: one check stands in the way.'],
  [3, 'Not ready: 3 checks stand in the way.'],
])('%d refusals', (count, expected) => {
  const refusal: Check = { id: 'memory', severity: 'error', passed: false, text: 'Not enough memory.' };
  const checks = [holds, ...Array.from({ length: count }, () => refusal)];
  expect(
    preflightLines({ ...answer, ready: false, checks })
      .split('\n')
      .at(-1),
  ).toBe(expected);
});
