import { describe, expect, test } from 'vitest';
import { NativeError } from '#native/native-error.ts';
import { encode } from './attributes.ts';
import type { NetlinkMessage } from './message.ts';
import { NetlinkError } from './netlink-error.ts';
import {
  acknowledgement,
  done,
  type ScriptedAnswer,
  type ScriptedMessage,
  ScriptedTransport,
} from './scripted-transport.ts';
import { NetlinkSession } from './session.ts';

const question = { action: 'list things', type: 30, payload: Buffer.from('question') };
const part = (text: string, flags = 2): ScriptedMessage => ({ type: 30, flags, payload: Buffer.from(text) });
function open(...answers: ScriptedAnswer[]): { session: NetlinkSession; transport: ScriptedTransport } {
  const transport = new ScriptedTransport(answers);
  return { transport, session: new NetlinkSession(transport) };
}

const textsOf = (messages: readonly NetlinkMessage[]): string[] => messages.map(({ payload }) => payload.toString());

function failureOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error instanceof NetlinkError ? error.failure : error;
  }
  return 'no error';
}

describe('a request', () => {
  test('returns what came before the acknowledgement', () => {
    const { session } = open([[part('one')], [part('two'), acknowledgement(0)]]);
    expect(textsOf(session.request(question))).toEqual(['one', 'two']);
  });

  test('asks with its own number each time', () => {
    const { session, transport } = open([[acknowledgement(0)]], [[acknowledgement(0)]]);
    session.request(question);
    session.request(question);
    expect(transport.requests.map(({ flags, sequence }) => [flags, sequence])).toEqual([
      [0x5, 1],
      [0x5, 2],
    ]);
  });

  test.each([
    ['the request repeated', false],
    ['the request capped', true],
  ])('tells the refusal in the words of the kernel, %s', (_, capped) => {
    const attributes = encode.text(1, 'limit greater than maximum (8)');
    const { session } = open([[acknowledgement(22, { attributes, capped })]]);
    expect(() => session.request(question)).toThrow(
      'Could not list things: invalid argument (netlink: EINVAL). The kernel says: limit greater than maximum (8).',
    );
  });

  test('tells a refusal without words by its number', () => {
    const { session } = open([[acknowledgement(1)]]);
    expect(failureOf(() => session.request(question))).toEqual({ kind: 'refused', errno: 1, explanation: undefined });
  });

  test('skips what answers an earlier request', () => {
    const { session } = open([[{ ...part('stale'), sequence: 77 }], [part('fresh'), acknowledgement(0)]]);
    expect(textsOf(session.request(question))).toEqual(['fresh']);
  });

  test('gives up when only strangers talk', () => {
    const strays = Array.from({ length: 1000 }, () => [{ ...part('stray'), sequence: 77 }]);
    const { session } = open(strays);
    expect(failureOf(() => session.request(question))).toEqual({ kind: 'no-answer' });
  });

  test('fails when nothing comes', () => {
    const { session } = open([]);
    expect(failureOf(() => session.request(question))).toEqual({ kind: 'no-answer' });
  });

  test('fails on broken framing, naming what was asked', () => {
    const { session } = open([Buffer.alloc(16)]);
    expect(() => session.request(question)).toThrow(/^Could not list things: .* breaks the netlink framing/);
  });

  test('fails when the answer does not fit the receive buffer', () => {
    const session = new NetlinkSession({
      send: () => {},
      receive: () => {
        throw new NativeError('recvfrom', 90, 'receive a netlink datagram');
      },
      [Symbol.dispose]: () => {},
    });
    expect(failureOf(() => session.request(question))).toEqual({ kind: 'truncated' });
  });
});

describe('a dump', () => {
  test('gathers all its parts up to the end', () => {
    const { session } = open([[part('one'), part('two')], [part('three')], [done()]]);
    expect(textsOf(session.dump(question))).toEqual(['one', 'two', 'three']);
  });

  test('is read again when the table changed meanwhile', () => {
    const interrupted = 0x12;
    const { session } = open([[part('old', interrupted)], [done()]], [[part('new')], [done()]]);
    expect(textsOf(session.dump(question))).toEqual(['new']);
  });

  test('gives up on a table that never stands still', () => {
    const changing: ScriptedAnswer = [[part('old', 0x12)], [done()]];
    const { session } = open(...Array.from({ length: 20 }, () => changing));
    expect(failureOf(() => session.dump(question))).toEqual({ kind: 'interrupted', attempts: 8 });
  });

  test.each([
    ['at its beginning', [[acknowledgement(2)]]],
    ['at its end', [[part('one')], [done(2)]]],
  ])('fails when it is refused %s', (_, answer) => {
    const { session } = open(answer);
    expect(failureOf(() => session.dump(question))).toEqual({ kind: 'refused', errno: 2, explanation: undefined });
  });
});

test('closing a session closes its socket', () => {
  const { session, transport } = open();
  session[Symbol.dispose]();
  expect(transport.disposed).toBe(true);
});
