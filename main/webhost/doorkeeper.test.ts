import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { Doorkeeper, type DoorkeeperOptions } from './doorkeeper.ts';

/** A connection from loopback, as far as it is looked at. */
class Connection extends EventEmitter {
  readonly remoteAddress: string | undefined = '127.0.0.1';
  readonly remotePort: number;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 8080;
  destroyed = false;
  reset = 0;

  constructor(port = 50_000) {
    super();
    this.remotePort = port;
  }

  resetAndDestroy(): void {
    this.reset += 1;
    this.destroyed = true;
  }
}

function door(owner: number | undefined | Error, options: Partial<DoorkeeperOptions> = {}) {
  const logged: string[] = [];
  const asked: unknown[] = [];
  const clock = { now: 0 };
  const keeper = new Doorkeeper({
    owners: {
      ownerOf: (...ends) => {
        asked.push(ends);
        return owner instanceof Error ? Promise.reject(owner) : Promise.resolve(owner);
      },
    },
    welcome: new Set([0, 1000]),
    log: (line) => logged.push(line),
    monoMs: () => clock.now,
    ...options,
  });
  const knock = async (socket = new Connection()): Promise<object> => ({
    admitted: await keeper.admits(socket),
    reset: socket.reset,
  });
  return { knock, logged, asked, clock };
}

const inside = { admitted: true, reset: 0 };
const away = { admitted: false, reset: 1 };

test('a welcome user comes in; the far end is what is asked about', async () => {
  const { knock, asked } = door(1000);
  expect([await knock(), asked]).toEqual([
    inside,
    [
      [
        { address: '127.0.0.1', port: 50_000 },
        { address: '127.0.0.1', port: 8080 },
      ],
    ],
  ]);
});

test.each([
  ['of another user', 33, 'a process of user 33 was turned away'],
  ['without an owner', undefined, 'a connection whose owner is not known was turned away'],
  ['that cannot be asked about', new Error('EPERM'), 'a connection whose owner is not known was turned away'],
])('one %s is reset, and logged', async (_, owner, line) => {
  const { knock, logged } = door(owner);
  expect([await knock(), logged.at(-1)]).toEqual([away, line]);
});

test('one that has gone while it was asked about is nothing', async () => {
  const { knock } = door(1000);
  const socket = new Connection();
  socket.destroyed = true;
  expect(await knock(socket)).toEqual({ admitted: false, reset: 0 });
});

test('one without a far end is turned away', async () => {
  const { knock } = door(1000);
  expect(await knock(Object.assign(new Connection(), { remoteAddress: undefined }))).toEqual(away);
});

test('where owners cannot be seen, the session decides', async () => {
  const { knock } = door(33, { owners: undefined });
  expect(await knock()).toEqual(inside);
});

test('one owner has so many connections and no more, until one of them ends', async () => {
  const { knock, logged } = door(1000, { mostOfOneOwner: 2 });
  const first = new Connection();
  const answers = [await knock(first), await knock(), await knock()];
  first.emit('close');
  expect([answers, await knock(), logged]).toEqual([
    [inside, inside, away],
    inside,
    ['too many connections: one was turned away'],
  ]);
});

test('there are so many connections and no more', async () => {
  const { knock } = door(0, { mostConnections: 1 });
  expect([await knock(), await knock()]).toEqual([inside, away]);
});

test('a stranger that knocks without end is logged once a minute', async () => {
  const { knock, logged, clock } = door(33);
  for (let each = 0; each < 1000; each += 1) {
    await knock();
    clock.now += 100;
  }
  expect(logged).toHaveLength(2);
});

test('strangers of many users cost no more memory than those of a few', async () => {
  let owner = 1000;
  const { knock, logged } = door(0, { owners: { ownerOf: () => Promise.resolve((owner += 1)) } });
  for (let each = 0; each < 200; each += 1) await knock();
  owner = 1000;
  await knock();
  expect([logged.length, logged.at(-1)]).toEqual([201, 'a process of user 1001 was turned away']);
});

test('where owners cannot be seen, all count as one', async () => {
  const { knock } = door(undefined, { owners: undefined, mostOfOneOwner: 1 });
  expect([await knock(), await knock()]).toEqual([inside, away]);
});
