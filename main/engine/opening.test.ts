import { expect, test } from 'vitest';
import { Opening } from './opening.ts';

function thing(): Disposable & { readonly closedCount: number } {
  let closedCount = 0;
  return {
    get closedCount() {
      return closedCount;
    },
    [Symbol.dispose]: () => {
      closedCount += 1;
    },
  };
}

test('what has been opened is closed with it, once', async () => {
  const opened = thing();
  const opening = new Opening(Promise.resolve(opened));
  await opening.opened;
  const before = opened.closedCount;
  opening[Symbol.dispose]();
  opening[Symbol.dispose]();
  expect([before, opened.closedCount]).toEqual([0, 1]);
});

test('what arrives after it was disposed of is closed at once', async () => {
  const late = thing();
  const { promise, resolve } = Promise.withResolvers<Disposable>();
  const opening = new Opening(promise);
  opening[Symbol.dispose]();
  resolve(late);
  await opening.opened;
  expect(late.closedCount).toBe(1);
});

test('a refusal is passed on, also after it was disposed of', async () => {
  const opening = new Opening<Disposable>(Promise.reject(new Error('no')));
  opening[Symbol.dispose]();
  await expect(opening.opened).rejects.toThrow('no');
});
