import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { commandNames } from '#contract/channels.ts';
import { stage, type Stage } from '#main/app/testing/fake-application.ts';
import { serveWeb, type WebHost } from './serve-web.ts';

const run = promisify(execFile);

// On loopback only, with a desk on which every act is noted.

let content: string;
let house: Stage;
let web: WebHost;
let cookie: string;
const turnedAway: string[] = [];
/** Requests that got as far as being answered. */
let answered = 0;

beforeAll(async () => {
  content = mkdtempSync(join(tmpdir(), 'switchyard-content-'));
  writeFileSync(join(content, 'index.html'), '<!doctype html><title>content</title>');
  house = stage();
  web = await serveWeb({ desk: house.desk, listen: { port: 0 }, content, log: (line) => turnedAway.push(line) });
  subscribe('http.server.request.start', () => (answered += 1));
  cookie = (await get(new URL(web.newLink()).pathname + new URL(web.newLink()).search)).cookie;
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await house.desk.close();
  rmSync(content, { recursive: true });
});

function get(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  host = '127.0.0.1',
): Promise<{ status: number; body: string; cookie: string }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host, port: web.port, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body,
          cookie: response.headers['set-cookie']?.[0]?.split(';')[0] ?? '',
        }),
      );
    });
    asked.on('error', reject).end();
  });
}

/** A window of ours by default. */
function open(headers: Readonly<Record<string, string>> = {}): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${web.port}/socket`, {
    headers: { origin: `http://127.0.0.1:${web.port}`, cookie, ...headers },
  });
}

async function opened(): Promise<WebSocket> {
  const socket = open();
  await once(socket, 'open');
  return socket;
}

async function exchange(socket: WebSocket, text: string): Promise<unknown> {
  const heard = once(socket, 'message');
  socket.send(text);
  const [data]: unknown[] = await heard;
  return JSON.parse(String(data));
}

describe('HTTP', () => {
  test('answers on both loopback addresses, and on no other', async () => {
    const statuses = [await get('/', { cookie }), await get('/', { cookie, host: `[::1]:${web.port}` }, '::1')];
    const { stdout } = await run('ss', ['-Hltn', `sport = :${web.port}`]);
    const addresses = stdout.split('\n').flatMap((line) => /(\S+):\d+ /.exec(line)?.[1] ?? []);
    expect([statuses.map(({ status }) => status), addresses.toSorted()]).toEqual([
      [200, 200],
      ['127.0.0.1', '[::1]'],
    ]);
  });

  test('shows nothing without a session, nor under another name', async () => {
    expect([(await get('/')).status, (await get('/', { cookie, host: 'evil.example' })).status]).toEqual([401, 421]);
  });
});

describe('who connects', () => {
  /** A client in Python, which opens any kind of socket: what it got, or `away`. */
  const client = (make: string, where: string): string => `
import socket, sys
make = lambda: ${make}
where = ${where.replace('PORT', 'int(sys.argv[1])')}
try:
    s = make(); s.settimeout(5); s.connect(where)
    s.sendall(b'GET / HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\nConnection: close\\r\\n\\r\\n' % int(sys.argv[1]))
    print(s.recv(12).decode() or 'away')
except OSError as e: print('away')`;
  const kinds = [
    ['TCP over IPv4', client('socket.socket(socket.AF_INET)', "('127.0.0.1', PORT)")],
    ['TCP over IPv6', client('socket.socket(socket.AF_INET6)', "('::1', PORT)")],
    ['an IPv4-mapped address', client('socket.socket(socket.AF_INET6)', "('::ffff:127.0.0.1', PORT)")],
    ['MPTCP', client('socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)', "('127.0.0.1', PORT)")],
    [
      'MPTCP and an IPv4-mapped address',
      client('socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 262)', "('::ffff:127.0.0.1', PORT)"),
    ],
  ] as const;
  const asNobody = ['--reuid', 'nobody', '--clear-groups', '--'];
  const python = '/usr/bin/python3';
  const isRoot = process.geteuid?.() === 0;

  test.each(kinds)('a process of ours comes in by %s', async (_, script) => {
    const { stdout } = await run(python, ['-c', script, String(web.port)]);
    expect(stdout).toBe('HTTP/1.1 401\n');
  });

  test.skipIf(!isRoot).each(kinds)('one of another user does not, by %s (needs root)', async (_, script) => {
    const { stdout } = await run('setpriv', [...asNobody, python, '-c', script, String(web.port)]);
    expect([stdout, turnedAway]).toEqual(['away\n', ['a process of user 65534 was turned away']]);
  });

  test.skipIf(!isRoot)(
    'one that closes at once is not taken for root, which its closed socket belongs to (needs root)',
    async () => {
      house.acts.length = 0;
      const script = `
import socket, sys
for each in range(50):
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
    s.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
    s.close()
print('closed')`;
      const before = answered;
      const closing = run('setpriv', [...asNobody, python, '-c', script, String(web.port)]);
      // Busy meanwhile: all of them are closed when they are accepted.
      const until = performance.now() + 500;
      while (performance.now() < until);
      expect((await closing).stdout).toBe('closed\n');
      await sleep(50);
      expect(answered).toBe(before);
    },
  );

  test.skipIf(!isRoot)('a flood of strangers holds up no one (needs root)', async () => {
    const script = `
import socket, sys, time
end = time.time() + 2
while time.time() < end:
    try: socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()
    except OSError: pass`;
    const floods = [1, 2].map(() => run('setpriv', [...asNobody, python, '-c', script, String(web.port)]));
    await sleep(300);
    const statuses: number[] = [];
    for (let each = 0; each < 10; each += 1) statuses.push((await get('/', { cookie })).status);
    await Promise.all(floods);
    expect(statuses).toEqual(Array.from({ length: 10 }, () => 200));
  });

  test('a line that breaks in the middle of anything harms nothing', async () => {
    const pieces = ['', 'GET', 'GET / HTTP/1.1\r\nHost: x', `GET / HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\n\r\n`];
    const upgrade = `GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`;
    for (const piece of [...pieces, upgrade, upgrade.repeat(3), 'x'.repeat(100_000)]) {
      for (const delay of [0, 5]) {
        const socket = connect(web.port, '127.0.0.1').on('error', () => undefined);
        await once(socket, 'connect');
        socket.write(piece);
        await sleep(delay);
        socket.resetAndDestroy();
      }
    }
    expect((await get('/', { cookie })).status).toBe(200);
  });
});

describe('the socket', () => {
  test.each([
    ['a page of another origin', { origin: 'http://evil.example' }, 403],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['a page that hides where it is from', { origin: 'null' }, 403],
    ['a page under another name', { host: 'evil.example', origin: 'http://evil.example' }, 421],
    ['a browser without a session', { cookie: '' }, 401],
    ['a browser with a made-up one', { cookie: 'switchyard=1' }, 401],
  ])('is closed to %s', async (_, headers, expected) => {
    const socket = open(headers);
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(expected);
  });

  test('answers a request, and what is no request', async () => {
    const socket = await opened();
    const answers = [
      await exchange(socket, '{"id":1,"command":"application.describe","request":{}}'),
      await exchange(socket, '{"id":"two","command":"no.such","request":{}}'),
      await exchange(socket, 'hello'),
      await exchange(socket, '{"command":"hosts.list"}'),
    ];
    socket.close();
    const refused = { ok: false, error: expect.objectContaining({ kind: 'invalid-request' }) };
    expect(answers).toEqual([
      { id: 1, answer: { ok: true, value: { version: '0.1.0', user: 'ada', capabilities: [] } } },
      { id: 'two', answer: refused },
      { answer: refused },
      { answer: refused },
    ]);
  });

  test('each request has an answer, and nothing is done', async () => {
    const socket = await opened();
    house.acts.length = 0;
    const message = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ id: fc.jsonValue(), command: fc.constantFrom(...commandNames), request: fc.string() })
        .map((each) => JSON.stringify(each)),
    );
    await fc.assert(
      fc.asyncProperty(message, async (text) => {
        expect(await exchange(socket, text)).toMatchObject({ answer: { ok: false } });
      }),
      { numRuns: 200 },
    );
    socket.close();
    expect(house.acts).toEqual([]);
  });

  test('a message that is too large is refused with an answer; one that is beyond all measure ends its line alone', async () => {
    const [socket, neighbour] = [await opened(), await opened()];
    const large = `{"id":1,"command":"lab.verify","request":{"name":"${'x'.repeat(1 << 20)}"}}`;
    const answer = await exchange(socket, large);
    socket.send('x'.repeat(17 << 20));
    const [code]: unknown[] = await once(socket, 'close');
    expect([answer, code]).toEqual([
      { id: 1, answer: { ok: false, error: expect.objectContaining({ kind: 'invalid-request' }) } },
      1009,
    ]);
    expect(await exchange(neighbour, '{"id":2,"command":"lab.list","request":{}}')).toMatchObject({ id: 2 });
    neighbour.close();
  });

  test('bytes that are no text have an answer', async () => {
    const socket = await opened();
    const heard = once(socket, 'message');
    socket.send(Buffer.from([0, 1, 2, 255]));
    expect(JSON.parse(String((await heard)[0]))).toMatchObject({ answer: { ok: false } });
    socket.close();
  });

  test('windows come and go, and each gets what is sent to all', async () => {
    const windows = await Promise.all([opened(), opened(), opened()]);
    windows[2]?.terminate();
    await sleep(20);
    const heard = windows.slice(0, 2).map((window) => once(window, 'message'));
    await house.desk.dispatch('lab.up', {}, { id: 'another', emit: () => undefined });
    const events = (await Promise.all(heard)).map(([data]: unknown[]): unknown => JSON.parse(String(data)));
    for (const window of windows) window.close();
    expect(events).toEqual([1, 2].map(() => ({ event: 'lab.list-changed', payload: { labs: [] } })));
  });
});

test('a port that is taken is reported with what to do', async () => {
  await expect(
    serveWeb({ desk: house.desk, listen: { port: web.port }, content, log: () => undefined }),
  ).rejects.toThrow(`Port ${web.port} is taken`);
});
