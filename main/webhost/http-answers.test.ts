import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readManifest, type Manifest } from '#main/app/window-content.ts';
import { answerHttp, type HttpAnswer } from './http-answers.ts';
import { Sessions } from './sessions.ts';

const port = 41_234;
const host = `127.0.0.1:${port}`;

let folder: string;
let manifest: Manifest;
let sessions: Sessions;
let cookie: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-web-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets', 'index-Bx3f.js'), 'export {};');
  writeFileSync(join(folder, 'assets', 'index-Bx3f.js.map'), '{}');
  symlinkSync('/etc/passwd', join(folder, 'assets', 'link.html'));
  manifest = readManifest(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  sessions = new Sessions();
  cookie = `other=1; switchyard-${port}=${sessions.exchange(sessions.issue()) ?? ''}`;
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function get(url: string, { method = 'GET', headers = { host, cookie } }: Asked = {}): HttpAnswer {
  return answerHttp({ method, url, headers }, { manifest, sessions, whereabouts: { port } });
}

const statusOf = (url: string, asked?: Asked): number => get(url, asked).status;

describe('coming in', () => {
  const fresh = { headers: { host } };

  test('a link lets a browser in once, with a cookie that no script and no other site can use', () => {
    const token = sessions.issue();
    const first = get(`/?token=${token}`, fresh);
    const given = first.headers['set-cookie'] ?? '';
    expect([first.status, given, statusOf(`/?token=${token}`, fresh)]).toEqual([
      200,
      expect.stringMatching(new RegExp(`^switchyard-${port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`)),
      403,
    ]);
    expect(statusOf('/', { headers: { host, cookie: given.split(';')[0] ?? '' } })).toBe(200);
  });

  test('a spent link that is reloaded does no harm to who is in already', () => {
    const token = sessions.issue();
    get(`/?token=${token}`, fresh);
    expect(statusOf(`/?token=${token}`)).toBe(200);
  });

  test.each([
    ['without a cookie', { host }],
    ['with a made-up one', { host, cookie: `switchyard-${port}=guess` }],
    ['with an empty one', { host, cookie: `switchyard-${port}=` }],
    ['with the session under another port’s name', { host, cookie: 'replaced below' }],
  ])('nothing is shown to a browser %s', (name, headers) => {
    const asked = name.includes('another') ? { host, cookie: cookie.replace(String(port), '1') } : headers;
    expect([statusOf('/', { headers: asked }), statusOf('/assets/index-Bx3f.js', { headers: asked })]).toEqual([
      401, 401,
    ]);
  });

  test('no guess at a token comes in', () =>
    fc.assert(
      fc.property(fc.string(), (guess) => {
        sessions.issue();
        expect(statusOf(`/?token=${encodeURIComponent(guess)}`, fresh)).toBe(403);
      }),
    ));

  test('of many links only the latest are good', () => {
    const tokens = Array.from({ length: 6 }, () => sessions.issue());
    const statuses = [];
    for (const token of tokens) statuses.push(statusOf(`/?token=${token}`, fresh));
    expect(statuses).toEqual([403, 403, 200, 200, 200, 200]);
  });
});

describe('the host', () => {
  test.each([host, `localhost:${port}`, `[::1]:${port}`])('answers to %s', (name) => {
    expect(statusOf('/', { headers: { host: name, cookie } })).toBe(200);
  });

  test.each([
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1',
    '127.0.0.1:80',
    `127.0.0.1.evil.example:${port}`,
    '',
  ])('does not answer to %j, whatever the cookie says', (name) => {
    expect(statusOf('/', { headers: { host: name, cookie } })).toBe(421);
  });

  test('does not answer without being named', () => {
    expect(statusOf('/', { headers: { cookie } })).toBe(421);
  });
});

describe('content', () => {
  test('the page is never kept, what has its content in its name always', () => {
    const [page, script] = [get('/'), get('/assets/index-Bx3f.js')];
    expect([page, script].map(({ headers, body }) => [headers['cache-control'], String(body)])).toEqual([
      ['no-store', '<!doctype html>'],
      ['private, max-age=31536000, immutable', 'export {};'],
    ]);
  });

  test.each([
    '/assets/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets%2findex-Bx3f.js',
    '//etc/passwd',
    '/assets/link.html',
    '/assets/index-Bx3f.js.map',
    '/assets',
    'http://evil.example/',
    'http://%',
  ])('%s does not exist', (url) => {
    expect(statusOf(url)).toBe(404);
  });

  test('outlives its files: a build takes nothing from under an open window', () => {
    const copy = mkdtempSync(join(tmpdir(), 'switchyard-web-'));
    writeFileSync(join(copy, 'index.html'), 'as it was');
    const read = readManifest(copy);
    rmSync(copy, { recursive: true });
    const asked = { method: 'GET', url: '/', headers: { host, cookie } };
    expect(String(answerHttp(asked, { manifest: read, sessions, whereabouts: { port } }).body)).toBe('as it was');
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])('%s is not possible', (method) => {
    expect(statusOf('/', { method })).toBe(405);
  });

  test.each(['/', '/absent', '/?token=x', '/assets/index-Bx3f.js'])('%s carries the security headers', (url) => {
    const { headers } = get(url, url.includes('token') ? { headers: { host } } : {});
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });
});

test('content that has not been built is reported with what to do', () => {
  expect(() => readManifest(join(folder, 'assets'))).toThrow('has not been built');
  expect(() => readManifest('/nowhere')).toThrow('has not been built');
});
