import { createStore } from 'zustand/vanilla';
import type { Failure } from '#contract/errors.ts';
import { readable, type Readable } from './readable.ts';

/** Something the operator should know now; it leaves when they say so, good news also by itself. */
export interface Notice {
  readonly id: number;
  readonly kind: 'success' | 'danger';
  readonly text: string;
  readonly remedy: string | undefined;
}

export interface Notices extends Readable<readonly Notice[]> {
  fail(failure: Failure): void;
  succeed(text: string): void;
  dismiss(id: number): void;
}

const most = 4;

export function notices(): Notices {
  const store = createStore<readonly Notice[]>(() => []);
  let nextId = 1;

  /** The same sentence twice is one notice: a failing question may be asked again and again. */
  const add = (notice: Omit<Notice, 'id'>): void => {
    const others = store.getState().filter(({ text }) => text !== notice.text);
    store.setState([...others, { ...notice, id: nextId }].slice(-most), true);
    nextId += 1;
  };

  return {
    ...readable(store),
    fail: ({ text, remedy }) => add({ kind: 'danger', text, remedy }),
    succeed: (text) => add({ kind: 'success', text, remedy: undefined }),
    dismiss: (id) =>
      store.setState(
        store.getState().filter((notice) => notice.id !== id),
        true,
      ),
  };
}
