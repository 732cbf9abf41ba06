import { expect, test } from 'vitest';
import { failed, ok } from '#contract/result.ts';
import type { Failure } from '#contract/errors.ts';
import type { Result } from '#contract/result.ts';
import { ScriptedHost } from '#renderer/testing/scripted-host.ts';
import { copyOf, type CopyStore } from './copy.ts';

const unreachable: Failure = { kind: 'unreachable', host: 'main', text: 'gone', remedy: 'wait' };

/** A copy of a list whose questions the test answers when it likes. */
function listCopy(): {
  line: ScriptedHost;
  copy: CopyStore<readonly string[]>;
  tell: (item: string) => void;
  answer: (result: Result<readonly string[], Failure>) => Promise<void>;
  questions: () => number;
} {
  const line = new ScriptedHost();
  const open: ((result: Result<readonly string[], Failure>) => void)[] = [];
  let asked = 0;
  let tell: (item: string) => void = () => undefined;
  const copy = copyOf<readonly string[]>(line, {
    ask: () => {
      asked += 1;
      return new Promise((resolve) => open.push(resolve));
    },
    listen: (apply) => {
      tell = (item) => apply((items) => [...items, item]);
      return () => undefined;
    },
  });
  return {
    line,
    copy,
    tell: (item) => tell(item),
    questions: () => asked,
    answer: async (result) => {
      open.shift()?.(result);
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

test('a change that comes before the first answer is not lost', async () => {
  const { copy, tell, answer } = listCopy();
  tell('told');
  await answer(ok(['asked']));
  expect(copy.getState()).toEqual({ value: ['asked', 'told'], failure: undefined, asking: false });
});

test('a later change applies to what is there', async () => {
  const { copy, tell, answer } = listCopy();
  await answer(ok(['asked']));
  tell('told');
  expect(copy.getState().value).toEqual(['asked', 'told']);
});

test('when the line has been broken it asks again', async () => {
  const { line, copy, answer } = listCopy();
  await answer(ok(['before']));
  line.reopen();
  await answer(ok(['after']));
  expect(copy.getState().value).toEqual(['after']);
});

test('a failure keeps what was known', async () => {
  const { copy, answer } = listCopy();
  await answer(ok(['known']));
  void copy.refresh();
  await answer(failed(unreachable));
  expect(copy.getState()).toEqual({ value: ['known'], failure: unreachable, asking: false });
});

test('questions asked while one is under way share its answer', async () => {
  const { copy, answer, questions } = listCopy();
  const both = Promise.all([copy.refresh(), copy.refresh()]);
  await answer(ok([]));
  await both;
  expect(questions()).toBe(1);
});

test('a change that came with another answer is not undone by an older one', async () => {
  const { copy, answer } = listCopy();
  copy.apply((items) => [...items, 'changed']);
  await answer(ok(['asked']));
  copy.apply((items) => [...items, 'again']);
  expect(copy.getState().value).toEqual(['asked', 'changed', 'again']);
});
