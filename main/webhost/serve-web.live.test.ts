import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
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

beforeAll(async () => {
  content = mkdtempSync(join(tmpdir(), 'switchyard-content-'));
  writeFileSync(join(content, 'index.html'), '<!doctype html><title>content</title>');
  house = stage();
  web = await serveWeb({ desk: house.desk, listen: { port: 0 }, content, log: (line) => turnedAway.push(line) });
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

/** A window of ours unless told otherwise. */
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

  test.skipIf(process.geteuid?.() !== 0)(
    'hangs up on another user, who may know a link (skipped: needs root)',
    async () => {
      const script = `fetch(${JSON.stringify(web.newLink())}).then(() => console.log('in'), () => console.log('out'))`;
      const { stdout } = await run('setpriv', ['--reuid', 'nobody', '--clear-groups', process.execPath, '-e', script]);
      expect([stdout, turnedAway]).toEqual(['out\n', [expect.stringContaining('was turned away')]]);
    },
  );
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

  test('whatever is sent has an answer, and nothing is done', async () => {
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

  test('windows come and go, and each hears what is told to all', async () => {
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

test('a port that is taken is told with what to do', async () => {
  await expect(
    serveWeb({ desk: house.desk, listen: { port: web.port }, content, log: () => undefined }),
  ).rejects.toThrow(`Port ${web.port} is taken`);
});
