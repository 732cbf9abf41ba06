import { expect } from 'vitest';
import type { Outcome, Side } from '#contract/migration.ts';
import type { Verdict } from './seven-checks.ts';

/** What the operator must read besides how it ended. */
export interface Words {
  readonly phase?: string;
  readonly side?: Side;
  readonly cause?: RegExp;
  readonly next?: RegExp;
}

/** For random tests: a rule that is broken once is broken, whatever a second try shows. */
export const oneTry = { retry: 0 } as const;

const sound = {
  twice: [],
  contradictions: [],
  again: 'done-on-destination',
  leftOver: [],
  memory: 'proven',
} as const satisfies Partial<Verdict>;

/** Verdicts to compare with, by outcome. A single thing that is otherwise is written over them. */
export function doneOnDestination(run: 'running' | 'paused' = 'running'): object {
  return { ...sound, copies: [`destination: ${run}`], told: { outcome: 'done-on-destination', guest: 'destination' } };
}

export function safeOnSource(words: Words, run: 'running' | 'paused' = 'running'): object {
  return { ...sound, copies: [`source: ${run}`], told: told('safe-on-source', 'source', words) };
}

/** For `nothingHappened`. */
export const untouched: object = {
  twice: [],
  copies: ['source: running'],
  again: 'done-on-destination',
  leftOver: [],
  memory: 'proven',
};

export function lost(words: Words): object {
  return { ...sound, copies: [], memory: 'gone', told: told('lost', 'nowhere', words) };
}

export function stoppedOnSource(words: Words): object {
  return { ...sound, copies: ['source: postmigrate'], told: told('stopped-on-source', 'stopped', words) };
}

export function told(outcome: Outcome, guest: string, { cause, next = /\S/, ...rest }: Words): object {
  return expect.objectContaining({
    outcome,
    guest,
    ...rest,
    cause: expect.stringMatching(cause ?? /\S/),
    next: expect.stringMatching(next),
  });
}
