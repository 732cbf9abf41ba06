import type { StoreApi } from 'zustand/vanilla';

/** A store that can only be read: by a screen, through `useStore`. */
export type Readable<State> = Pick<StoreApi<State>, 'getState' | 'getInitialState' | 'subscribe'>;

export function readable<State>({ getState, getInitialState, subscribe }: StoreApi<State>): Readable<State> {
  return { getState, getInitialState, subscribe };
}
