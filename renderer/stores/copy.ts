import { createStore } from 'zustand/vanilla';
import type { Failure } from '#contract/errors.ts';
import type { Result } from '#contract/result.ts';
import type { Connection } from '#renderer/host/connection.ts';
import { readable, type Readable } from './readable.ts';

/** A copy of something that main owns. `failure` is why the last question went unanswered; the value before it is kept. */
export interface Copy<Value> {
  readonly value: Value | undefined;
  readonly failure: Failure | undefined;
  readonly asking: boolean;
}

export interface CopyStore<Value> extends Readable<Copy<Value>> {
  /** Asks main again; while a question is under way there is no second one. */
  refresh(): Promise<void>;
  /** A change that came in main's answer to another request. */
  apply(change: (value: Value) => Value): void;
}

type Change<Value> = (value: Value) => Value;

export interface CopySource<Value> {
  readonly ask: () => Promise<Result<Value, Failure>>;
  /** Main announces changes by itself. */
  readonly listen?: (apply: (change: Change<Value>) => void) => () => void;
}

/**
 * Listens first and asks then, so that nothing falls between the two: changes announced while an answer is under way are applied
 * to it once more, since it may be older than they are. Asks again whenever the line was broken.
 */
export function copyOf<Value>(connection: Connection, { ask, listen }: CopySource<Value>): CopyStore<Value> {
  const store = createStore<Copy<Value>>(() => ({ value: undefined, failure: undefined, asking: false }));
  let toldMeanwhile: Change<Value>[] = [];
  let underWay: Promise<void> | undefined;

  const apply = (change: Change<Value>): void => {
    if (underWay) toldMeanwhile.push(change);
    const { value } = store.getState();
    if (value !== undefined) store.setState({ value: change(value) });
  };
  listen?.(apply);

  const refresh = (): Promise<void> => (underWay ??= question().finally(() => (underWay = undefined)));
  connection.onOpen(() => void refresh());
  return { ...readable(store), refresh, apply };

  async function question(): Promise<void> {
    toldMeanwhile = [];
    store.setState({ asking: true });
    const answer = await ask();
    store.setState(
      answer.ok
        ? {
            value: toldMeanwhile.reduce((value, change) => change(value), answer.value),
            failure: undefined,
            asking: false,
          }
        : { failure: answer.error, asking: false },
    );
  }
}
