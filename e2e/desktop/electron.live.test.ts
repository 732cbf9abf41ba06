import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addContent, buildDesktop, checkout, remove } from '#e2e/support/electron/built-app.ts';

// The built app in Electron itself, wherever that is. What it does there is looked at from outside only; the same app goes
// through every rule and its whole life against the stand-in, in the other files of this folder.

const electronFolder = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(checkout, 'node_modules/electron/dist');
const electronProgram = join(electronFolder, 'electron');
const whyNot = whyNoElectron();

function whyNoElectron(): string {
  if (!existsSync(electronProgram)) {
    return ` (skipped: there is no ${electronProgram}; ELECTRON_OVERRIDE_DIST_PATH names another folder)`;
  }
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return ' (skipped: there is no display)';
  return process.geteuid?.() === 0 ? ' (skipped: with its sandbox on, Electron does not run as root)' : '';
}

let root: string;
let home: string;
let app: ElectronApplication;
let page: Page;

describe.skipIf(whyNot !== '')(`the desktop app in Electron${whyNot}`, () => {
  beforeAll(async () => {
    root = await buildDesktop();
    await addContent(root);
    home = mkdtempSync(join(tmpdir(), 'switchyard-electron-'));
    app = await _electron.launch({
      executablePath: electronProgram,
      args: [root, `--user-data-dir=${join(home, 'user-data')}`],
      env: {
        ...environment(),
        SWITCHYARD_STATE_DIR: join(home, 'state'),
        SWITCHYARD_RUNTIME_DIR: join(home, 'runtime'),
      },
    });
    page = await app.firstWindow();
    await page.waitForSelector('h1');
  });

  afterAll(async () => {
    await app.close();
    rmSync(home, { recursive: true, force: true });
    remove(root);
  });

  test('serves its content from its own scheme', () => {
    expect(page.url().split('#')[0]).toBe('app://ui/');
  });

  test('answers its window over the bridge', async () => {
    expect(
      await page.evaluate(
        `window.switchyard.call('application.describe', {}).then(({ ok, value }) => [ok, value.capabilities])`,
      ),
    ).toEqual([true, ['save-dialog', 'window']]);
  });

  test('has the native library: hosts are looked at', async () => {
    expect(await page.evaluate(`window.switchyard.call('hosts.list', {}).then(({ ok }) => ok)`)).toBe(true);
  });

  test('has no Node in the page', async () => {
    expect(await page.evaluate('[typeof require, typeof process, typeof module, typeof Buffer]')).toEqual(
      Array<string>(4).fill('undefined'),
    );
  });

  test("runs the page in Chromium's sandbox: its system calls are filtered", async () => {
    const processId = await app.evaluate(({ webContents }) => webContents.getAllWebContents()[0]?.getOSProcessId());
    expect(readFileSync(`/proc/${processId}/status`, 'utf8')).toMatch(/^Seccomp:\t2$/m);
  });

  test.each([
    [
      'a script in the page',
      `(() => { const script = document.createElement('script'); script.textContent = 'globalThis.intruder = 1';
      document.head.append(script); return globalThis.intruder === undefined; })()`,
    ],
    ['a request to elsewhere', `fetch('https://example.net/').then(() => false, () => true)`],
    ['a request to itself', 'fetch(location.href).then(() => false, () => true)'],
    ['a second window', 'window.open(location.href) === null'],
  ])('refuses %s', async (_what, refused) => {
    expect(await page.evaluate(refused)).toBe(true);
  });

  test('grants nothing but writing to the clipboard', async () => {
    const states = await page.evaluate(
      `Promise.all(['geolocation', 'notifications', 'clipboard-read', 'microphone'].map((name) =>
        navigator.permissions.query({ name }).then(({ state }) => state)))`,
    );
    expect(states).toEqual(Array<string>(4).fill('denied'));
  });

  test('stays where it is when the page wants to leave', async () => {
    await page.evaluate(`location.assign('https://example.net/')`);
    await page.evaluate('new Promise((resolve) => { setTimeout(resolve, 500); })');
    expect(page.url().split('#')[0]).toBe('app://ui/');
  });
});

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
