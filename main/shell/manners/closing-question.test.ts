import { expect, test } from 'vitest';
import { closingQuestion, quittingQuestion } from './closing-question.ts';
import { exampleRow } from './testing/example-row.ts';

test('closing the window says that the migration continues without it', () => {
  const { message, detail, buttons } = closingQuestion([exampleRow()]);
  expect([message, detail.includes('continues without the window'), buttons.map(({ answer }) => answer)]).toEqual([
    'web1 is still on the way.',
    true,
    ['close-window', 'stay'],
  ]);
});

test('quitting says that no process will manage it', () => {
  const { message, detail, buttons } = quittingQuestion([exampleRow(), exampleRow()]);
  expect([message, detail.includes('no process manages it'), buttons.map(({ answer }) => answer)]).toEqual([
    '2 guests are still on the way.',
    true,
    ['close-window', 'quit', 'stay'],
  ]);
});

test('a migration of which only the id is known is a guest still', () => {
  expect(quittingQuestion([]).message).toBe('A guest is still on the way.');
});
