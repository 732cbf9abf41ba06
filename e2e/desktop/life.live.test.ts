import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserServer } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  addContent,
  addPlainContent,
  buildDesktop,
  remove,
  startBrowser,
  whyNoDesktop,
} from '#e2e/support/electron/built-app.ts';
import { startApp, type AppOptions, type DesktopApp } from '#e2e/support/electron/driver.ts';

// The built app with its real window content, from its first line to its last, against the stand-in for Electron.

const whyNot = whyNoDesktop();
/** With the window's real content, and with a page of one line, for what does not depend on it. */
let root: string;
let plainRoot: string;
let browser: BrowserServer;
let home: string;
const apps: DesktopApp[] = [];

beforeAll(async () => {
  if (whyNot !== '') return;
  [root, plainRoot, browser] = await Promise.all([buildDesktop(), buildDesktop(), startBrowser()]);
  addPlainContent(plainRoot);
  await addContent(root);
});

afterAll(async () => {
  if (whyNot !== '') return;
  await browser.close();
  remove(root);
  remove(plainRoot);
});

beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'switchyard-life-'))));

afterEach(async () => {
  for (const app of apps.splice(0)) await app.dispose();
  rmSync(home, { recursive: true, force: true });
});

async function start(options: Partial<AppOptions> = {}): Promise<DesktopApp> {
  const app = await startApp({ root: plainRoot, browserEndpoint: browser.wsEndpoint(), home, ...options });
  apps.push(app);
  return app;
}

async function open(options: Partial<AppOptions> = {}): Promise<DesktopApp> {
  const app = await start(options);
  await app.do('whenLoaded');
  return app;
}

describe.skipIf(whyNot !== '')(`the desktop app${whyNot}`, () => {
  test('shows its first screen, without a violation of the content security policy', async () => {
    const app = await open({ root });
    await app.do('waitFor', `document.querySelector('h1') !== null`);
    const { pageErrors, requests, windows } = await app.do('records');
    expect({
      pageErrors,
      strays: requests.filter(({ fate }) => fate !== 'served'),
      windows: windows.map(({ visible, url }) => [visible, url.split('#')[0]]),
    }).toEqual({ pageErrors: [], strays: [], windows: [[true, 'app://ui/']] });
  });

  test('the menu leads to every screen', async () => {
    const app = await open({ root });
    const reached = [];
    for (const label of ['Running', 'History', 'Hosts', 'Lab', 'Settings', 'New migration']) {
      await app.do('clickMenu', label);
      await app.do('waitFor', `location.hash.length > 2 && location.hash !== '${String(reached.at(-1))}'`);
      reached.push(await app.do('evaluate', 'location.hash'));
    }
    expect(reached).toEqual(['#/running', '#/history', '#/hosts', '#/lab', '#/settings', '#/migrate']);
  });

  test('a copy button may fill the clipboard, and nothing may read it', async () => {
    const app = await open();
    const tried = (act: string): Promise<unknown> =>
      app.do('evaluate', `${act}.then(() => 'done', ({ name }) => name)`);
    expect([
      await tried(`navigator.clipboard.writeText('ip mptcp limits set subflows 8')`),
      await tried('navigator.clipboard.readText()'),
    ]).toEqual(['done', 'NotAllowedError']);
  });

  test('odd requests are refused as values, without a stack', async () => {
    const app = await open();
    const odd = [
      `'shell.open', {}`,
      `{ toString: () => 'hosts.list' }, {}`,
      `'migration.view', null`,
      `'hosts.list', { path: '/etc/passwd' }`,
      `'migration.view', { id: '../../etc/passwd' }`,
      `'migration.view', { id: 'x'.repeat(8e6) }`,
      `'migration.view', Array.from({ length: 1000 }).reduce((inner) => ({ inner }), {})`,
    ];
    const answers = await Promise.all(odd.map((args) => app.do('evaluate', `window.switchyard.call(${args})`)));
    expect(answers).toEqual(
      odd.map(() => ({ ok: false, error: expect.objectContaining({ kind: 'invalid-request' }) })),
    );
    expect(JSON.stringify(answers)).not.toContain('.js:');
  });

  test('a second start brings back the window that was minimised, and ends itself', async () => {
    const first = await open();
    await first.do('minimizeWindow');
    await first.do('startAgain', ['switchyard']);
    const second = await start({ firstInstance: false });
    expect([(await first.do('records')).windows.length, await second.ended]).toEqual([1, 0]);
  });

  test('closing the window ends the app, and the next start opens it where it was', async () => {
    const app = await open();
    await app.do('moveWindow', 40, 60, 1100, 700);
    await app.do('closeWindow');
    expect(await app.ended).toBe(0);

    const again = await open();
    expect((await again.do('records')).windows[0]?.options).toMatchObject({ x: 40, y: 60, width: 1100, height: 700 });
  });

  test('a spoilt memory of the window is passed over', async () => {
    mkdirSync(join(home, 'userData'), { recursive: true });
    writeFileSync(join(home, 'userData', 'window.json'), '{"bounds":{"x":1e99');
    const app = await open();
    expect((await app.do('records')).windows[0]?.options).toMatchObject({ width: 1440, height: 900 });
  });

  test('a page that crashes is loaded again', async () => {
    const app = await open();
    await app.do('crashPage');
    await app.do('whenLoaded');
    await app.do('waitFor', 'globalThis.scriptRan === true');
    expect(await app.do('dialogCount')).toBe(0);
  });

  test('a page that crashes again and again is put to the operator', async () => {
    const app = await open();
    for (let crash = 0; crash < 4; crash += 1) {
      await app.do('whenLoaded');
      await app.do('crashPage');
    }
    const { options } = await app.do('nextDialog');
    await app.do('answerDialog', { response: 0 });
    await app.do('whenLoaded');
    expect(options).toMatchObject({
      message: 'The window has crashed several times.',
      detail: 'Migrations continue: they do not depend on the window.',
    });
  });

  test('a page that hangs is put to the operator, who may wait', async () => {
    const app = await open();
    await app.do('hang');
    expect((await app.do('nextDialog')).options).toMatchObject({ message: 'The window does not respond.' });
    await app.do('answerDialog', { response: 1 });
    expect(await app.do('evaluate', 'document.title')).toBe('plain');
  });

  test('a checkout has the inspector in its menu', async () => {
    const app = await open();
    expect(JSON.stringify((await app.do('records')).menu)).toContain('toggleDevTools');
  });

  test.each(['quit', 'shutDown'] as const)('%s ends it when nothing runs', async (way) => {
    const app = await open();
    await app.do(way);
    expect(await app.ended).toBe(0);
  });

  test('a signal ends it in good order', async () => {
    const app = await open();
    app.signal('SIGTERM');
    expect(await app.ended).toBe(0);
  });

  test('without a place for its state it says so and ends', async () => {
    writeFileSync(join(home, 'state'), 'a file where a folder has to be');
    const app = await start();
    expect(await app.ended).toBe(2);
    expect(app.stderr()).toContain(join(home, 'state'));
  });
});
