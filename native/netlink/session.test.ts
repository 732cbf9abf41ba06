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

async function failureOf(act: () => Promise<unknown>): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error instanceof NetlinkError ? error.failure : error;
  }
  return 'no error';
}

describe('a request', () => {
  test('returns what came before the acknowledgement', async () => {
    const { session } = open([[part('one')], [part('two'), acknowledgement(0)]]);
    expect(textsOf(await session.request(question))).toEqual(['one', 'two']);
  });

  test('asks with its own number each time', async () => {
    const { session, transport } = open([[acknowledgement(0)]], [[acknowledgement(0)]]);
    await session.request(question);
    await session.request(question);
    expect(transport.requests.map(({ flags, sequence }) => [flags, sequence])).toEqual([
      [0x5, 1],
      [0x5, 2],
    ]);
  });

  test.each([
    ['the request repeated', false],
    ['the request capped', true],
  ])('reports the refusal in the words of the kernel, %s', async (_, capped) => {
    const attributes = encode.text(1, 'limit greater than maximum (8)');
    const { session } = open([[acknowledgement(22, { attributes, capped })]]);
    await expect(session.request(question)).rejects.toThrow(
      'Could not list things: invalid argument (netlink: EINVAL). The kernel says: limit greater than maximum (8).',
    );
  });

  test('reports a refusal without words by its number', async () => {
    const { session } = open([[acknowledgement(1)]]);
    expect(await failureOf(() => session.request(question))).toEqual({
      kind: 'refused',
      errno: 1,
      explanation: undefined,
    });
  });

  test('waits for the answer to the one before', async () => {
    const { session } = open([[part('one'), acknowledgement(0)]], [[part('two'), acknowledgement(0)]]);
    const answers = await Promise.all([session.request(question), session.request(question)]);
    expect(answers.map(textsOf)).toEqual([['one'], ['two']]);
  });

  test('does not wait for ever for one that has failed', async () => {
    const { session } = open([], [[part('two'), acknowledgement(0)]]);
    const [first, second] = await Promise.allSettled([session.request(question), session.request(question)]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
  });

  test('takes an answer that comes later, from another machine', async () => {
    const near = new ScriptedTransport([[[part('far'), acknowledgement(0)]]]);
    const session = new NetlinkSession({
      send: async (datagram) => {
        await Promise.resolve();
        near.send(datagram);
      },
      receive: () => Promise.resolve(near.receive()),
      [Symbol.dispose]: () => {},
    });
    expect(textsOf(await session.request(question))).toEqual(['far']);
  });

  test('skips what answers an earlier request', async () => {
    const { session } = open([[{ ...part('stale'), sequence: 77 }], [part('fresh'), acknowledgement(0)]]);
    expect(textsOf(await session.request(question))).toEqual(['fresh']);
  });

  test('gives up when only strangers talk', async () => {
    const strays = Array.from({ length: 1000 }, () => [{ ...part('stray'), sequence: 77 }]);
    const { session } = open(strays);
    expect(await failureOf(() => session.request(question))).toEqual({ kind: 'no-answer' });
  });

  test('fails when nothing comes', async () => {
    const { session } = open([]);
    expect(await failureOf(() => session.request(question))).toEqual({ kind: 'no-answer' });
  });

  test('fails on broken framing, naming what was asked', async () => {
    const { session } = open([Buffer.alloc(16)]);
    await expect(session.request(question)).rejects.toThrow(/^Could not list things: .* breaks the netlink framing/);
  });

  test('fails when the answer does not fit the receive buffer', async () => {
    const session = new NetlinkSession({
      send: () => {},
      receive: () => {
        throw new NativeError('recvfrom', 90, 'receive a netlink datagram');
      },
      [Symbol.dispose]: () => {},
    });
    expect(await failureOf(() => session.request(question))).toEqual({ kind: 'truncated' });
  });
});

describe('a dump', () => {
  test('gathers all its parts up to the end', async () => {
    const { session } = open([[part('one'), part('two')], [part('three')], [done()]]);
    expect(textsOf(await session.dump(question))).toEqual(['one', 'two', 'three']);
  });

  test('is read again when the table changed meanwhile', async () => {
    const interrupted = 0x12;
    const { session } = open([[part('old', interrupted)], [done()]], [[part('new')], [done()]]);
    expect(textsOf(await session.dump(question))).toEqual(['new']);
  });

  test('gives up on a table that never stands still', async () => {
    const changing: ScriptedAnswer = [[part('old', 0x12)], [done()]];
    const { session } = open(...Array.from({ length: 20 }, () => changing));
    expect(await failureOf(() => session.dump(question))).toEqual({ kind: 'interrupted', attempts: 8 });
  });

  test.each([
    ['at its beginning', [[acknowledgement(2)]]],
    ['at its end', [[part('one')], [done(2)]]],
  ])('fails when it is refused %s', async (_, answer) => {
    const { session } = open(answer);
    expect(await failureOf(() => session.dump(question))).toEqual({
      kind: 'refused',
      errno: 2,
      explanation: undefined,
    });
  });
});

test('closing a session closes its socket', () => {
  const { session, transport } = open();
  session[Symbol.dispose]();
  expect(transport.disposed).toBe(true);
});
