import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { CloseReason } from './fault.ts';
import type { ServerMessage } from './messages.ts';
import { Wire } from './wire.ts';

interface Line {
  readonly wire: Wire;
  readonly ours: Duplex;
  readonly theirs: Duplex;
  readonly messages: ServerMessage[];
  readonly reasons: CloseReason[];
}

function open(): Line {
  const [ours, theirs] = duplexPair();
  const messages: ServerMessage[] = [];
  const reasons: CloseReason[] = [];
  const wire = new Wire({ stream: ours }, undefined, {
    onMessage: (message) => messages.push(message),
    onClose: (reason) => reasons.push(reason),
  });
  return { wire, ours, theirs, messages, reasons };
}

test('nothing is read behind what is no JSON', async () => {
  const { ours, theirs, messages, reasons } = open();
  theirs.write('{"event":"RESUME"}{STOP}{"event":"STOP"}');
  await once(ours, 'close');
  expect([messages, reasons]).toEqual([
    [{ kind: 'event', event: { name: 'RESUME', data: {} } }],
    [{ kind: 'violation', violation: { kind: 'garbage', excerpt: '{STOP}' } }],
  ]);
});

test('nothing reaches a listener that has unsubscribed meanwhile', async () => {
  const { wire, ours, theirs, messages, reasons } = open();
  const first = once(ours, 'data');
  theirs.write('{"event":"RESUME"}');
  await first;
  wire.close({ kind: 'closed-here' });
  theirs.write('{"event":"STOP"}');
  await once(ours, 'close');
  expect([messages.length, reasons]).toEqual([1, [{ kind: 'closed-here' }]]);
});

test.each<[string, (line: Line) => void, CloseReason]>([
  ['ends', ({ theirs }) => theirs.end(), { kind: 'closed-by-peer' }],
  ['is gone without having ended', ({ ours }) => ours.destroy(), { kind: 'closed-by-peer' }],
  [
    'breaks',
    ({ ours }) => ours.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' })),
    { kind: 'transport-error', code: 'ECONNRESET', description: 'reset' },
  ],
])('a connection that %s is reported once', async (_how, happens, reason) => {
  const line = open();
  const closed = new Promise((resolve) => line.ours.once('close', resolve));
  line.ours.resume();
  happens(line);
  await closed;
  expect(line.reasons).toEqual([reason]);
});

test('a long message that would take long to read exactly ends the session', async () => {
  const { ours, theirs, reasons } = open();
  theirs.write(`{"return":[12345678901234567890${',1'.repeat(200_000)}]}`);
  await once(ours, 'close');
  expect(reasons).toEqual([{ kind: 'violation', violation: { kind: 'oversized', limitBytes: 262_144 } }]);
});
