import { expect, test } from 'vitest';
import { failureSchema, toFailure } from '#contract/errors.ts';
import { mayHaveTakenEffect, QmpError, type QmpFault } from './fault.ts';

const gone = { kind: 'closed-by-peer' } as const;

/** Each fault with the contract's kind, and whether the command may have been carried out. */
const faults: readonly (readonly [QmpFault, string, boolean])[] = [
  [{ kind: 'unsafe-path', path: '/tmp/x', reason: 'it is not a socket' }, 'invalid-request', false],
  [{ kind: 'unreachable', code: 'ECONNREFUSED', description: 'refused' }, 'unreachable', false],
  [{ kind: 'no-greeting', afterMs: 3000 }, 'timeout', false],
  [{ kind: 'no-negotiation', afterMs: 3000 }, 'timeout', false],
  [{ kind: 'not-a-monitor', excerpt: '' }, 'invalid-request', false],
  [{ kind: 'refused', command: 'cont', class: 'GenericError', description: 'no' }, 'qmp', false],
  [{ kind: 'timeout', command: 'cont', afterMs: 5, effect: 'none' }, 'timeout', false],
  [{ kind: 'timeout', command: 'cont', afterMs: 5, effect: 'unknown' }, 'timeout', true],
  [{ kind: 'cancelled', command: 'cont', effect: 'unknown' }, 'cancelled', true],
  [{ kind: 'disconnected', command: 'cont', effect: 'unknown', reason: gone }, 'unreachable', true],
  [{ kind: 'disconnected', command: 'cont', effect: 'none', reason: gone }, 'unreachable', false],
  [{ kind: 'unsupported', command: 'yank', needs: 'out-of-band' }, 'invalid-request', false],
  [{ kind: 'unsendable', command: 'migrate', path: '$.arguments', reason: 'too deep' }, 'invalid-request', false],
  [{ kind: 'descriptor-not-sent', command: 'getfd', errno: 9, code: 'EBADF', description: 'bad' }, 'native', false],
  [{ kind: 'malformed', command: 'cont', path: '$', expected: 'a list' }, 'unreachable', true],
];

test.each(faults)('%j crosses a border as a failure of the contract', (fault, kind) => {
  const failure = toFailure(new QmpError('source', fault), () => 'an incident');
  expect([failure.kind, failureSchema.safeParse(failure).success]).toEqual([kind, true]);
});

test.each(faults)('%j says whether the command may have been carried out', (fault, _kind, mayHave) => {
  expect(mayHaveTakenEffect(fault)).toBe(mayHave);
});

test.each<[QmpFault, string]>([
  [
    { kind: 'timeout', command: 'cont', afterMs: 500, effect: 'unknown' },
    'QEMU of source did not answer cont within 500 ms; whether it was carried out is unknown.',
  ],
  [
    { kind: 'disconnected', command: 'cont', effect: 'none', reason: { kind: 'closed-here' } },
    'The monitor of source was lost (closed by Switchyard) before cont was answered; it was never sent.',
  ],
  [
    {
      kind: 'disconnected',
      command: 'cont',
      effect: 'unknown',
      reason: { kind: 'violation', violation: { kind: 'oversized', limitBytes: 100 } },
    },
    'The monitor of source was lost (it sent a message larger than 100 bytes) before cont was answered; whether it was carried out is unknown.',
  ],
])('%j is reported in one sentence', (fault, text) => {
  expect(new QmpError('source', fault).message).toBe(text);
});
