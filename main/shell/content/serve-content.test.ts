import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readManifest } from '#main/app/window-content.ts';
import { serveContent } from './serve-content.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-content-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets', 'index.js'), 'export {};');
  writeFileSync(join(folder, 'assets', 'index.js.map'), '{}');
  symlinkSync('/etc/passwd', join(folder, 'assets', 'link.html'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the protocol', () => {
  const answer = async (address: string, init?: RequestInit): Promise<[number, string | null, string]> => {
    const response = serveContent(readManifest(folder))(new Request(address, init));
    return [response.status, response.headers.get('content-type'), await response.text()];
  };

  test('serves the page at its root', async () => {
    expect(await answer('app://ui/')).toEqual([200, 'text/html; charset=utf-8', '<!doctype html>']);
  });

  test('serves a script, whatever its query says', async () => {
    expect(await answer('app://ui/assets/index.js?v=1')).toEqual([200, 'text/javascript; charset=utf-8', 'export {};']);
  });

  test.each([
    'app://ui/assets/../../etc/passwd',
    'app://ui/%2e%2e/%2e%2e/etc/passwd',
    'app://ui/assets%2findex.js',
    'app://ui//etc/passwd',
    'app://ui/assets/link.html',
    'app://ui/assets/index.js.map',
    'app://ui/assets',
    'app://other/index.html',
    'file:///etc/passwd',
  ])('%s does not exist', async (address) => {
    expect(await answer(address)).toEqual([404, null, '']);
  });

  test('nothing can be sent to it', async () => {
    expect(await answer('app://ui/', { method: 'POST', body: 'x' })).toEqual([405, null, '']);
  });

  test.each(['app://ui/', 'app://ui/absent'])('%s carries the security headers', (address) => {
    const { headers } = serveContent(readManifest(folder))(new Request(address));
    headers.delete('content-type');
    expect(Object.fromEntries(headers)).toEqual({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
        "connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });
});
