import { expect, test } from 'vitest';
import { QmpError } from './fault.ts';
import { Ledger, type LateReply, type Submission } from './ledger.ts';

const notSent = new QmpError('guest', {
  kind: 'descriptor-not-sent',
  command: 'getfd',
  errno: 9,
  code: 'EBADF',
  description: 'bad file descriptor',
});
const returned = { kind: 'returned' as const, value: 1 };

function ledger(): { readonly ledger: Ledger; readonly late: LateReply[] } {
  const late: LateReply[] = [];
  return { ledger: new Ledger('guest', (reply) => late.push(reply)), late };
}

function submission(id: number, changes: Partial<Submission> = {}): Submission {
  return {
    command: 'getfd',
    lane: 'in-band',
    id,
    send: () => undefined,
    carriesDescriptors: false,
    timeoutMs: 1000,
    signal: undefined,
    ...changes,
  };
}

/** How it ended: what QEMU returned, or the kind of its fault. */
function ending(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => (error instanceof QmpError ? error.fault.kind : error));
}

/** Sent, and then given up by its caller. */
function givenUp(book: Ledger, id: number): Promise<unknown> {
  const controller = new AbortController();
  const ended = ending(book.submit(submission(id, { signal: controller.signal })));
  controller.abort();
  return ended;
}

test('a command that could not be sent fails, and the next one takes its place', async () => {
  const { ledger: book } = ledger();
  const sent: number[] = [];
  const first = ending(book.submit(submission(1, { carriesDescriptors: true })));
  const second = book.submit(submission(2, { carriesDescriptors: true, send: () => sent.push(2) }));
  book.fail(1, notSent);
  book.answer(2, returned);
  expect([await first, await second, sent]).toEqual(['descriptor-not-sent', 1, [2]]);
});

test('a command that was answered cannot fail any more', async () => {
  const { ledger: book } = ledger();
  const only = ending(book.submit(submission(1)));
  book.answer(1, returned);
  book.fail(1, notSent);
  expect([await only, book.answer(1, returned)]).toEqual([1, false]);
});

test('a command that was given up is reported once, whatever becomes of it', async () => {
  const { ledger: book, late } = ledger();
  const [unsent, unanswered, answered] = [givenUp(book, 1), givenUp(book, 2), givenUp(book, 3)];
  book.fail(1, notSent);
  book.answer(3, returned);
  book.close({ kind: 'closed-by-peer' });
  expect([await unsent, await unanswered, await answered, late]).toEqual([
    'cancelled',
    'cancelled',
    'cancelled',
    [{ command: 'getfd', outcome: returned }],
  ]);
});

test('an answer without a number belongs to no command', () => {
  expect(ledger().ledger.answer('1', returned)).toBe(false);
});
