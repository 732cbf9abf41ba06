import { expect, test } from 'vitest';
import { beginning, textWidth } from './text-width.ts';

test.each([
  ['', 0],
  ['eth1', 4],
  ['Zürich', 6],
  ['Zu\u0308rich', 6],
  ['東京', 4],
  ['ｗｉｄｅ', 8],
  ['서울', 4],
  ['🚚', 2],
  ['👩‍💻 vm', 5],
  ['a → b', 5],
  ['━━╸', 3],
])('%j takes %d cells', (text, cells) => {
  expect(textWidth(text)).toBe(cells);
});

test.each([
  ['short', 5, 'short'],
  ['longer', 5, 'longe'],
  ['東京都庁', 5, '東京'],
  ['👩‍💻 vm', 1, ''],
  ['anything', 0, ''],
])('%j in %d cells is %j', (text, width, kept) => {
  expect(beginning(text, width)).toBe(kept);
});
