import { describe, expect, test } from 'vitest';
import type { SocketName } from '#main/engine/ports.ts';
import { NativeError } from '#native/native-error.ts';
import { callersPerTurn, Doorkeeper, type Turn } from './doorkeeper.ts';

const peer: SocketName = { address: '192.0.2.1', port: 50_000 };
const EMFILE = 24;
const ECONNABORTED = 103;

/** A doorkeeper, the names of those who wait, and what became of each. */
function door(...waiting: (SocketName | undefined | number)[]) {
  const turnedAway: string[] = [];
  const reported: string[] = [];
  const keeper = new Doorkeeper<string>({
    next: () => {
      if (waiting.length === 0) return undefined;
      const caller = waiting.shift();
      if (typeof caller === 'number') throw new NativeError('accept4', caller, 'accept a connection');
      return { connection: nameOf(caller), peer: caller };
    },
    turnAway: (connection) => void turnedAway.push(connection),
    onStranger: (stranger) => void reported.push(nameOf(stranger)),
  });
  return { keeper, turnedAway, reported, waiting };
}

function nameOf(caller: SocketName | undefined): string {
  return caller ? `${caller.address}:${caller.port}` : 'unnamed';
}

const stranger = (port: number, address = '192.0.2.66'): SocketName => ({ address, port });

describe('the one who is expected', () => {
  test.each<[string, SocketName[]]>([
    ['first', [peer, stranger(1), stranger(2)]],
    ['in the middle', [stranger(1), peer, stranger(2)]],
    ['last', [stranger(1), stranger(2), peer]],
  ])('is let in when it comes %s, and the others are turned away', (_when, waiting) => {
    const { keeper, turnedAway, reported } = door(...waiting);
    keeper.expect(peer);
    const turn = keeper.turn();
    const others = ['192.0.2.66:1', '192.0.2.66:2'];
    expect([turn, keeper.take(), keeper.take(), turnedAway, reported]).toEqual([
      'empty',
      '192.0.2.1:50000',
      undefined,
      others,
      others,
    ]);
  });

  test('differs from others on its own host by its port', () => {
    const { keeper, turnedAway } = door(stranger(50_001, peer.address), peer);
    keeper.expect(peer);
    keeper.turn();
    expect([keeper.take(), turnedAway]).toEqual(['192.0.2.1:50000', ['192.0.2.1:50001']]);
  });

  test('is closed with the door when it was not asked for', () => {
    const { keeper, turnedAway } = door(peer);
    keeper.expect(peer);
    keeper.turn();
    keeper[Symbol.dispose]();
    expect([turnedAway, keeper.take()]).toEqual([['192.0.2.1:50000'], undefined]);
  });
});

test('before a peer is expected every caller is a stranger', () => {
  const { keeper, turnedAway } = door(peer);
  keeper.turn();
  expect([keeper.hasArrived, turnedAway]).toEqual([false, ['192.0.2.1:50000']]);
});

test('a caller without a name is reset, and there is no address to report', () => {
  const { keeper, turnedAway, reported } = door(undefined);
  keeper.turn();
  expect([turnedAway, reported]).toEqual([['unnamed'], []]);
});

test('a flood takes many turns, each of them bounded, and does not hide the one who is expected', () => {
  const flood = Array.from({ length: 10 * callersPerTurn }, (_, port) => stranger(port + 1));
  const { keeper, waiting } = door(...flood, peer);
  keeper.expect(peer);
  const turns: [Turn, number][] = [];
  while (!keeper.hasArrived) {
    const before = waiting.length;
    const turn = keeper.turn();
    turns.push([turn, before - waiting.length]);
  }
  expect([turns, keeper.take()]).toEqual([
    [...Array.from({ length: 10 }, () => ['busy', callersPerTurn]), ['empty', 1]],
    '192.0.2.1:50000',
  ]);
});

describe('an error of the kernel', () => {
  test('that belongs to one caller does not keep out the next', () => {
    const { keeper } = door(ECONNABORTED, peer);
    keeper.expect(peer);
    expect([keeper.turn(), keeper.take()]).toEqual(['empty', '192.0.2.1:50000']);
  });

  test('that is ours ends the turn, and nothing else', () => {
    const { keeper } = door(EMFILE, peer);
    keeper.expect(peer);
    expect([keeper.turn(), keeper.turn(), keeper.take()]).toEqual(['exhausted', 'empty', '192.0.2.1:50000']);
  });

  test('a fault of ours is not hidden', () => {
    const keeper = new Doorkeeper<string>({
      next: () => {
        throw new TypeError('ours');
      },
      turnAway: () => undefined,
      onStranger: () => undefined,
    });
    expect(() => keeper.turn()).toThrow('ours');
  });
});
