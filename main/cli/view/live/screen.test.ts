import { expect, test } from 'vitest';
import { fakeTerminal, type FakeTerminal } from '#main/cli/testing/fakes.ts';
import { span, type Line } from '#main/cli/view/line.ts';
import { Screen } from './screen.ts';

const lines = (...texts: string[]): Line[] => texts.map((text) => [span(text)]);

/** What the terminal shows after everything that was written: the few sequences that a screen uses. */
function visible({ written }: FakeTerminal): string[] {
  const rows: string[][] = [[]];
  let [row, column] = [0, 0];
  // oxlint-disable-next-line eslint/no-control-regex -- control sequences are what this reads
  for (const [token, digits = '', final = ''] of written.join('').matchAll(/\u001B\[\??(\d*)([A-Za-z])|\r|\n|./gsu)) {
    if (token === '\r') column = 0;
    else if (token === '\n') rows[++row] ??= [];
    else if (final === 'A') row = Math.max(0, row - Number(digits));
    else if (final === 'K') rows[row]?.splice(column);
    else if (final === 'J') {
      rows.splice(row + 1);
      rows[row]?.splice(column);
    } else if (final === '') (rows[row] ??= [])[column++] = token;
  }
  return rows.map((cells) => cells.join(''));
}

test('replaces the picture in place, whatever its height', () => {
  const terminal = fakeTerminal();
  const screen = new Screen(terminal);
  screen.draw(lines('one', 'two', 'three'));
  screen.draw(lines('1'));
  const lower = visible(terminal);
  screen.draw(lines('uno', 'dos'));
  expect([lower, visible(terminal)]).toEqual([
    ['1', ''],
    ['uno', 'dos', ''],
  ]);
});

test('what is printed stays above the picture', () => {
  const terminal = fakeTerminal();
  const screen = new Screen(terminal);
  screen.draw(lines('picture'));
  screen.print('for good');
  screen.draw(lines('picture'));
  expect(visible(terminal)).toEqual(['for good', 'picture', '']);
});

test('each picture is one write', () => {
  const terminal = fakeTerminal();
  const screen = new Screen(terminal);
  screen.draw(lines('one', 'two'));
  screen.draw(lines('one', 'three'));
  expect(terminal.written).toHaveLength(2);
});

test('the same picture is not drawn again', () => {
  const terminal = fakeTerminal();
  const screen = new Screen(terminal);
  screen.draw(lines('one'));
  screen.draw(lines('one'));
  expect(terminal.written).toHaveLength(1);
});

test('a terminal that does not keep up gets no more pictures', () => {
  const terminal = fakeTerminal();
  const screen = new Screen(terminal);
  terminal.busy = true;
  screen.draw(lines('one'));
  expect(terminal.written).toEqual([]);
});

test('lines that a narrower terminal has folded are taken away too', () => {
  const terminal = fakeTerminal(10);
  const screen = new Screen(terminal);
  screen.draw(lines('0123456789', 'short', ''));
  terminal.columns = 4;
  screen.draw(lines('0123'));
  expect(terminal.written.at(-1)).toContain('\u001B[6A');
});

test('takes the picture away at the end, and gives the cursor back', () => {
  const terminal = fakeTerminal();
  const screen = new Screen(terminal);
  screen.draw(lines('one', 'two'));
  screen.close();
  expect([visible(terminal), terminal.cursor]).toEqual([[''], ['hidden', 'shown']]);
});
