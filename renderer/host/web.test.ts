import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { webConnection, type Socket, type SocketListener } from './web.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Line {
  readonly attempts: SocketListener[] = [];
  readonly sent: unknown[] = [];
  readonly open = (listener: SocketListener): Socket => {
    this.attempts.push(listener);
    return { send: (text) => void this.sent.push(JSON.parse(text)) };
  };
  get last(): SocketListener {
    const listener = this.attempts.at(-1);
    if (!listener) throw new Error('nothing was opened');
    return listener;
  }
}

test('a call goes out with an id and gets the answer of that id', async () => {
  const line = new Line();
  const { host } = webConnection(line.open);
  line.last.opened();

  const [hosts, guests] = [host.call('hosts.list', {}), host.call('guests.list', {})];
  expect(line.sent).toEqual([
    { id: 1, command: 'hosts.list', request: {} },
    { id: 2, command: 'guests.list', request: {} },
  ]);
  line.last.received('{"id":2,"answer":{"ok":true,"value":["guest"]}}');
  line.last.received('{"id":1,"answer":{"ok":true,"value":["host"]}}');

  expect([await hosts, await guests]).toEqual([
    { ok: true, value: ['host'] },
    { ok: true, value: ['guest'] },
  ]);
});

test('events reach those who listen to their name, until they stop', () => {
  const line = new Line();
  const { host } = webConnection(line.open);
  line.last.opened();
  const heard: unknown[] = [];
  const stop = host.on('lab.list-changed', (payload) => heard.push(payload));

  line.last.received('{"event":"lab.list-changed","payload":{"labs":[]}}');
  line.last.received('{"event":"migration.list-changed","payload":{"rows":[]}}');
  stop();
  line.last.received('{"event":"lab.list-changed","payload":{"labs":["late"]}}');

  expect(heard).toEqual([{ labs: [] }]);
});

test('a call made before the line is open is sent when it opens', async () => {
  const line = new Line();
  const { host } = webConnection(line.open);
  const answer = host.call('hosts.list', {});
  expect(line.sent).toEqual([]);

  line.last.opened();
  await vi.advanceTimersByTimeAsync(6_000);
  line.last.received('{"id":1,"answer":{"ok":true,"value":[]}}');

  expect(await answer).toEqual({ ok: true, value: [] });
});

test('a call that finds no line for five seconds fails', async () => {
  const line = new Line();
  const { host } = webConnection(line.open);
  line.last.closed();
  const answer = host.call('hosts.list', {});
  await vi.advanceTimersByTimeAsync(5_000);

  expect(await answer).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
});

test('a call on its way when the line breaks fails at once and is never sent again', async () => {
  const line = new Line();
  const { host } = webConnection(line.open);
  line.last.opened();
  const answer = host.call('migration.cancel', { id: '20261122T120250Z-7f3a' });
  line.last.closed();

  expect(await answer).toMatchObject({
    ok: false,
    error: { text: 'The connection to Switchyard broke before the answer came.' },
  });
  await vi.advanceTimersByTimeAsync(10_000);
  line.last.opened();
  expect(line.sent).toHaveLength(1);
});

test('a lost line is opened again after growing pauses, and listeners hear of it', async () => {
  const line = new Line();
  const connection = webConnection(line.open);
  const opened = vi.fn<() => void>();
  connection.onOpen(opened);
  line.last.opened();
  line.last.closed();
  expect(connection.link.getState()).toBe('lost');

  const pausesMs = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    const before = line.attempts.length;
    let waitedMs = 0;
    while (line.attempts.length === before) {
      await vi.advanceTimersByTimeAsync(250);
      waitedMs += 250;
    }
    pausesMs.push(waitedMs);
    line.last.closed();
  }
  expect(pausesMs).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000]);

  await vi.advanceTimersByTimeAsync(8_000);
  line.last.opened();
  expect(connection.link.getState()).toBe('open');
  expect(opened).toHaveBeenCalledTimes(2);
});

test('a listener that comes when the line is open is called at once', () => {
  const line = new Line();
  const connection = webConnection(line.open);
  line.last.opened();
  const opened = vi.fn<() => void>();
  connection.onOpen(opened);
  expect(opened).toHaveBeenCalledTimes(1);
});
