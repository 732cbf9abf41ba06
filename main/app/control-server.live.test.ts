import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ManagerRequest } from '#contract/requests.ts';
import { ok } from '#contract/result.ts';
import type { RunListener } from '#main/engine/run.ts';
import { initialState } from '#main/engine/state.ts';
import { exampleEvents, examplePlan, journalOf, sampleAt } from '#main/export/testing/example-migration.ts';
import { askManager, tellManager } from './control-client.ts';
import type { ControlledMigration } from './control-conversation.ts';
import { controlLimits, type ControlLimits } from './control-limits.ts';
import { serveControl, type ControlServer } from './control-server.ts';

// Clients of every kind against a manager's door, over real unix sockets. What escapes in this process fails the test run.

const state = initialState(examplePlan());
const cancel: ManagerRequest = { command: 'cancel', by: 'ada' };

class Migration implements ControlledMigration {
  readonly asked: ManagerRequest[] = [];
  readonly reported: unknown[] = [];
  readonly listeners = new Set<RunListener>();
  /** How long an answer takes. */
  answersAfter: Promise<void> = Promise.resolve();

  readonly ask: ControlledMigration['ask'] = async (request) => {
    this.asked.push(request);
    await this.answersAfter;
    return ok(undefined);
  };
  readonly report = (thrown: unknown): string => `i-${this.reported.push(thrown)}`;
  readonly subscribe = (listener: RunListener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  entry(explanation: string): void {
    const [entry] = journalOf({ kind: 'sampling-failed', why: explanation });
    if (entry) for (const listener of this.listeners) listener.onEntry?.(entry, state);
  }
  sample(): void {
    for (const listener of this.listeners) listener.onSample?.(sampleAt(1, 1), state);
  }
}

let folder: string;
let path: string;
let migration: Migration;
let server: ControlServer;

async function serve(limits: Partial<ControlLimits> = {}): Promise<void> {
  await server?.close();
  server = await serveControl(path, migration, { ...controlLimits, ...limits });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sy-control-'));
  path = join(folder, 'manager.sock');
  migration = new Migration();
  server = await serveControl(path, migration);
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

async function opened(): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** A manager that hangs up while a client writes answers that write with EPIPE or ECONNRESET: an end like any other. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise<void>((resolve) => void socket.once('close', () => resolve()));
}

/** All that comes back until the manager hangs up. */
async function said(socket: Socket): Promise<unknown[]> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await closed(socket);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

async function follower(): Promise<Socket> {
  const socket = await opened();
  const before = migration.listeners.size;
  socket.write('{"command":"follow"}\n');
  while (migration.listeners.size === before) await sleep(2);
  return socket;
}

/** The manager still answers, and nothing went wrong in it. */
async function alive(): Promise<object> {
  await tellManager(path, cancel);
  return { cancelled: migration.asked.at(-1), faults: migration.reported };
}
const wellAlive = { cancelled: cancel, faults: [] };
const notUnderstood = { kind: 'refused', failure: expect.objectContaining({ kind: 'invalid-request' }) };

const line = (request: object): string => `${JSON.stringify(request)}\n`;

describe('a request', () => {
  test.each([
    ['in one piece', [line(cancel)]],
    ['without its newline', [JSON.stringify(cancel)]],
    ['in single bytes', line(cancel).split('')],
    ['twice in one packet', [line(cancel) + line(cancel)]],
    ['twice on one line', [JSON.stringify(cancel) + JSON.stringify(cancel)]],
    ['with garbage behind it', [`${line(cancel)}\u0000\u00ff%%%`]],
  ])('%s is carried out once', async (_, pieces) => {
    const socket = await opened();
    const answer = said(socket);
    for (const piece of pieces) {
      socket.write(piece);
      if (pieces.length > 1) await sleep(1);
    }
    expect([await answer, migration.asked]).toEqual([[{ kind: 'done' }], [cancel]]);
  });

  test('is answered also to who has ended its own direction', async () => {
    const gate = Promise.withResolvers<void>();
    migration.answersAfter = gate.promise;
    const socket = connect({ path, allowHalfOpen: true });
    socket.end(line(cancel));
    const answer = said(socket);
    await sleep(50);
    gate.resolve();
    expect(await answer).toEqual([{ kind: 'done' }]);
  });

  test.each([
    ['nothing that is JSON', 'QUIT\r\n'],
    ['a number', '17\n'],
    ['an unknown command', line({ command: 'destroy', by: 'ada' })],
    ['a member of the wrong kind', line({ command: 'cancel', by: 17 })],
    ['a name without end', line({ command: 'cancel', by: 'x'.repeat(5000) })],
    ['brackets without end', '{"a":'.repeat(2000)],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ])('that is %s is refused', async (_, bytes) => {
    const socket = await opened();
    socket.write(bytes);
    expect([await said(socket), await alive()]).toEqual([[notUnderstood], wellAlive]);
  });

  test('without an end is refused at 64 KiB, however much is sent', async () => {
    const socket = await opened();
    const answer = said(socket);
    const before = process.memoryUsage().rss;
    const chunk = Buffer.alloc(1 << 20, 'x');
    socket.write('{"command":"');
    for (let sent = 0; sent < 582 && !socket.destroyed; sent += 1) {
      if (!socket.write(chunk))
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed(socket)]);
    }
    expect(await answer).toEqual([notUnderstood]);
    expect([process.memoryUsage().rss - before < 100 << 20, await alive()]).toEqual([true, wellAlive]);
  });

  test('that does not come ends the connection', async () => {
    await serve({ requestPatienceMs: 50 });
    const [silent, halfway, drop] = [await opened(), await opened(), await opened()];
    halfway.write('{"command":');
    const dripping = setInterval(() => drop.write(' '), 10);
    expect(await Promise.all([silent, halfway, drop].map(said))).toEqual([[], [], []]);
    clearInterval(dripping);
    expect(await alive()).toEqual(wellAlive);
  });
});

describe('a client that is killed', () => {
  const moments: readonly (readonly [string, (socket: Socket) => void | Promise<void>])[] = [
    ['once it is connected', () => undefined],
    ['in the middle of its request', (socket) => void socket.write('{"command":"can')],
    ['before its answer', (socket) => void socket.write(line(cancel))],
    ['before the answer to a second request', (socket) => void socket.write(line(cancel) + line(cancel))],
    [
      'with its answer unread',
      async (socket) => {
        socket.pause().write(line(cancel));
        while (migration.asked.length === 0) await sleep(1);
        await sleep(5);
      },
    ],
    ['while it follows', (socket) => void socket.write('{"command":"follow"}\n')],
    [
      'while it follows, with unread entries',
      async (socket) => {
        socket.pause().write('{"command":"follow"}\n');
        while (migration.listeners.size === 0) await sleep(1);
        for (let each = 0; each < 100; each += 1) migration.entry('x'.repeat(10_000));
      },
    ],
  ];

  test.each(moments)('%s harms nothing', async (_, prepare) => {
    for (let each = 0; each < 20; each += 1) {
      migration.asked.length = 0;
      const socket = await opened();
      await prepare(socket);
      socket.destroy();
      migration.entry('something happened');
      migration.sample();
    }
    expect(await alive()).toEqual(wellAlive);
    while (migration.listeners.size > 0) await sleep(1);
  });

  test('stopped first, and full of what it has not read, harms nothing', { timeout: 60_000 }, async () => {
    const program = join(import.meta.dirname, 'testing', 'stopped-follower.ts');
    for (let each = 0; each < 20; each += 1) {
      const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      await once(child.stdout, 'data');
      while (migration.listeners.size === 0) await sleep(1);
      child.kill('SIGSTOP');
      for (let entry = 0; entry < 50; entry += 1) migration.entry('x'.repeat(20_000));
      for (let sample = 0; sample < 500; sample += 1) migration.sample();
      await sleep(5);
      child.kill('SIGKILL');
      await exited;
      migration.entry('something happened');
      while (migration.listeners.size > 0) await sleep(1);
    }
    expect(await alive()).toEqual(wellAlive);
  });
});

describe('a follower that does not read', () => {
  test('gets no more samples than it may leave unread, and is cut off when entries gather', async () => {
    await serve({ unreadBytesForSamples: 100_000, unreadBytes: 1_000_000 });
    const socket = (await follower()).pause();
    for (let sample = 0; sample < 10_000; sample += 1) migration.sample();
    const followsAfterSamples = migration.listeners.size;
    for (let entry = 0; entry < 1000; entry += 1) migration.entry('x'.repeat(10_000));
    await sleep(20);
    expect([followsAfterSamples, migration.listeners.size, await alive()]).toEqual([1, 0, wellAlive]);
    socket.destroy();
  });

  test('does not hold up the end of its manager', async () => {
    await serve({ farewellMs: 50 });
    const socket = (await follower()).pause();
    for (let entry = 0; entry < 100; entry += 1) migration.entry('x'.repeat(10_000));
    const began = performance.now();
    await server.close();
    expect(performance.now() - began).toBeLessThan(1000);
    socket.destroy();
  });
});

test('a follower hears entries and samples, and its end', async () => {
  const heard: string[] = [];
  const following = (async () => {
    for await (const message of askManager(path, { command: 'follow' })) heard.push(message.kind);
  })();
  while (migration.listeners.size === 0) await sleep(1);
  migration.entry('one');
  migration.sample();
  await server.close();
  await following;
  expect(heard).toEqual(['done', 'entry', 'sample']);
});

test('one process that leaks connections leaves room for the requests of others, and is refused with why', async () => {
  await serve({ connectionsPerProcess: 3 });
  const leaked = [await opened(), await opened(), await opened()];
  await expect(tellManager(path, cancel)).rejects.toMatchObject({ failure: { kind: 'rejected', event: 'connect' } });
  const script = `
    const socket = require('net').connect(process.argv[1], () => socket.write(process.argv[2]));
    socket.on('data', (chunk) => process.stdout.write(chunk));`;
  const child = spawn(process.execPath, ['-e', script, path, line(cancel)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [answer]: unknown[] = await once(child.stdout, 'data');
  for (const each of leaked) each.destroy();
  expect(String(answer)).toBe('{"kind":"done"}\n');
  while ((await alive().catch(() => undefined)) === undefined) await sleep(5);
});

test('a flood of connections is bounded, and passes', async () => {
  await serve({ connections: 10, connectionsPerProcess: 1000 });
  const flood = await Promise.all(Array.from({ length: 200 }, opened));
  for (const each of flood) each.destroy();
  await sleep(50);
  expect(await alive()).toEqual(wellAlive);
});

test('a fault of ours while a request is carried out is an incident, and the answer', async () => {
  const fault = new TypeError('a fault of ours');
  Object.assign(migration, { ask: () => Promise.reject(fault) });
  await expect(tellManager(path, cancel)).rejects.toMatchObject({ failure: { kind: 'internal', incidentId: 'i-1' } });
  expect(migration.reported).toEqual([fault]);
});

describe('strangers', () => {
  const isRoot = process.geteuid?.() === 0;
  /** What a process of another user gets from this socket. */
  const asNobody = async (script: string): Promise<string> => {
    const child = spawn('setpriv', ['--reuid', 'nobody', '--clear-groups', process.execPath, '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    return text;
  };

  test('of another user are hung up on, also where the folder lets them in', async (context) => {
    if (!isRoot) context.skip('needs root');
    chmodSync(folder, 0o755);
    chmodSync(path, 0o777);
    const text = await asNobody(`
      const socket = require('net').connect(process.argv[1], () => socket.write('{"command":"cancel","by":"nobody"}\\n'));
      socket.on('data', (chunk) => process.stdout.write(chunk));
      socket.on('error', () => {}).on('close', () => process.stdout.write('closed'));`);
    expect([text, migration.asked]).toEqual(['closed', []]);
  });

  test('that listen in the manager’s place get nothing', async (context) => {
    if (!isRoot) context.skip('needs root');
    chmodSync(folder, 0o777);
    const heard = asNobody(`
      const path = process.argv[1] + '.false';
      const server = require('net').createServer((socket) => {
        socket.on('error', () => {}).on('data', (chunk) => process.stdout.write(chunk));
        socket.on('close', () => server.close());
      }).listen(path, () => require('fs').chmodSync(path, 0o777));`);
    const trap = `${path}.false`;
    while (!existsSync(trap) || (statSync(trap).mode & 0o777) !== 0o777) await sleep(5);
    await expect(tellManager(trap, cancel)).rejects.toThrow('A process of user 65534 listens on the control socket');
    expect(await heard).toBe('');
  });
});

test('a manager that is killed in the middle of a word has hung up', async () => {
  const broken = join(folder, 'broken.sock');
  const other = createServer((socket) => {
    socket.once('data', () => socket.write('{"kind":"done"}\n{"kind":"ent', () => socket.destroy()));
  }).listen(broken);
  await once(other, 'listening');
  const heard: unknown[] = [];
  for await (const message of askManager(broken, { command: 'follow' })) heard.push(message);
  other.close();
  expect(heard).toEqual([{ kind: 'done' }]);
});

test('what a manager of another version says is passed over', async () => {
  const newer = join(folder, 'newer.sock');
  const other = createServer((socket) => {
    socket.end(
      `{"kind":"greeting","version":2}\n${line({ kind: 'entry', entry: journalOf(...exampleEvents)[1] ?? {} })}`,
    );
  }).listen(newer);
  await once(other, 'listening');
  const heard: string[] = [];
  for await (const message of askManager(newer, { command: 'follow' })) heard.push(message.kind);
  other.close();
  expect(heard).toEqual(['entry']);
});
