import { expect, test } from 'vitest';
import { done, replay, type ScriptedAnswer, ScriptedTransport } from '#native/netlink/scripted-transport.ts';
import { NetlinkSession } from '#native/netlink/session.ts';
import { SocketReader } from './socket-reader.ts';

const none: ScriptedAnswer = [[done()]];
/** A connection that counts three subflows, of which two show on this port. */
const found = [replay('client-mptcp'), replay('client-tcp')] as const;

function readerOf(...answers: readonly ScriptedAnswer[]) {
  const transport = new ScriptedTransport(answers);
  const reader = new SocketReader(new NetlinkSession(transport), { remotePorts: [4444] });
  /** What was asked since it was last looked: family, and whether by port. */
  const asked = (): string[] =>
    transport.requests.splice(0).map(({ payload }) => {
      const family = payload.readUInt8(0) === 2 ? 'ipv4' : 'ipv6';
      const byPort = payload.length > 56 && payload.readUInt16LE(58) === 1;
      const ports = byPort ? payload.subarray(60, 60 + payload.readUInt16LE(56) - 4) : Buffer.alloc(0);
      return `${family}${ports.length === 0 ? ' all ports' : ''}${ports.length > 8 ? ' more ports' : ''}`;
    });
  return { reader, asked };
}

test('reads both address families until sockets show up in one, then the other once a second', async () => {
  const empty = [none, none] as const;
  const complete = [none, replay('client-tcp')] as const;
  const { reader, asked } = readerOf(...empty, ...empty, ...complete, ...empty, ...complete, ...complete, ...empty);
  const rounds: string[][] = [];
  for (const atMonoMs of [0, 100, 200, 1200]) {
    await reader.read(atMonoMs);
    rounds.push(asked());
  }
  expect(rounds).toEqual([
    ['ipv4', 'ipv4', 'ipv6', 'ipv6'],
    ['ipv4', 'ipv4', 'ipv6', 'ipv6'],
    ['ipv4', 'ipv4'],
    ['ipv4', 'ipv4', 'ipv6', 'ipv6'],
  ]);
});

test('looks once on all ports when a connection counts more subflows than show, at most once a second', async () => {
  const { reader, asked } = readerOf(...found, none, none, none, none, ...found, ...found, none, none, none, none);
  const rounds: number[] = [];
  for (const atMonoMs of [0, 100, 1100]) {
    await reader.read(atMonoMs);
    rounds.push(asked().filter((each) => each.endsWith('all ports')).length);
  }
  expect(rounds).toEqual([2, 0, 2]);
});

test('shows what it found there, and knows the port from then on', async () => {
  const elsewhere = replay('client-tcp').map((datagram) =>
    Buffer.isBuffer(datagram)
      ? datagram
      : datagram.map((message) => {
          const payload = Buffer.from(message.payload);
          if (payload.length > 72) {
            payload.writeUInt16BE(4446, 6);
            payload.writeUInt8(payload.readUInt8(44) + 100, 44);
          }
          return { ...message, payload };
        }),
  );
  const { reader, asked } = readerOf(...found, none, none, elsewhere, none, none, none);
  const { tcp } = await reader.read(0);
  asked();
  await reader.read(10);
  expect([tcp.map(({ remotePort }) => remotePort), asked()]).toEqual([
    [4444, 4444, 4446, 4446],
    ['ipv4 more ports', 'ipv4 more ports'],
  ]);
});
