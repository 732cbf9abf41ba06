import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserServer } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CommandName, CommandRequest, CommandResponse } from '#contract/channels.ts';
import { defaultSettings } from '#contract/migration.ts';
import { addContent, buildDesktop, remove, startBrowser, whyNoDesktop } from '#e2e/support/electron/built-app.ts';
import { startApp, type DesktopApp } from '#e2e/support/electron/driver.ts';
import type { Records } from '#e2e/support/electron/records.ts';
import { labDown } from '#lab/lab.ts';
import { whyNoLabs } from '#lab/testing/requirements.ts';

// The built app moves a real guest between two hosts of a lab, while its operator closes windows and quits.

const whyNot = whyNoDesktop() || (await whyNoLabs());
const lab = `sy-${process.pid}-d`;
const [source, destination] = [`${lab}-source`, `${lab}-destination`];

let root: string;
let browser: BrowserServer;
let home: string;
let app: DesktopApp;
let guest: string;

beforeAll(async () => {
  if (whyNot !== '') return;
  [root, browser] = await Promise.all([buildDesktop(), startBrowser()]);
  await addContent(root);
});

afterAll(async () => {
  if (whyNot !== '') return;
  await browser.close();
  remove(root);
});

async function open(): Promise<DesktopApp> {
  const opened = await startApp({ root, browserEndpoint: browser.wsEndpoint(), home });
  await opened.do('whenLoaded');
  return opened;
}

/** As the page asks: over the bridge of the built preload script. */
async function call<Name extends CommandName>(
  name: Name,
  request: CommandRequest<Name>,
): Promise<CommandResponse<Name>> {
  const asked = `window.switchyard.call(${JSON.stringify(name)}, ${JSON.stringify(request)}).then(JSON.stringify)`;
  const answer: { ok: true; value: CommandResponse<Name> } | { ok: false; error: { text: string } } = JSON.parse(
    String(await app.do('evaluate', asked)),
  );
  if (!answer.ok) throw new Error(answer.error.text);
  return answer.value;
}

async function until(holds: (records: Records) => boolean, limitMs = 60_000): Promise<Records> {
  for (const deadline = performance.now() + limitMs; performance.now() < deadline; await sleep(100)) {
    const records = await app.do('records');
    if (holds(records)) return records;
  }
  const { windows, notifications, loads } = await app.do('records');
  throw new Error(`not within ${limitMs} ms: ${JSON.stringify({ windows, notifications, loads })}\n${app.stderr()}`);
}

/** Starts it, and comes back when bytes move. */
async function startMigration(): Promise<string> {
  const started = await call('migration.start', {
    guest,
    from: source,
    to: destination,
    settings: defaultSettings,
  });
  if (started.kind !== 'started') throw new Error(JSON.stringify(started.checks));
  await until(({ windows }) => (windows[0]?.progress ?? 0) > 0.02);
  return started.id;
}

async function outcomeOf(id: string): Promise<string | undefined> {
  return (await call('migration.list', {})).find((row) => row.id === id)?.summary?.outcome;
}

describe.skipIf(whyNot !== '')(`a migration in the desktop app${whyNot}`, () => {
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'switchyard-desktop-move-'));
    process.env['SWITCHYARD_RUNTIME_DIR'] = join(home, 'runtime');
    app = await open();
    const made = await call('lab.up', {
      name: lab,
      linkRatesBitsPerSecond: [100e6, 100e6],
      guestMemoryBytes: 192 * 2 ** 20,
    });
    guest = made.guest?.name ?? 'the lab has no guest';
  });

  afterEach(async () => {
    await app.dispose();
    await labDown(lab);
    rmSync(home, { recursive: true, force: true });
  });

  test('continues without its window, reports how it ended, and is exported', async () => {
    const id = await startMigration();
    expect((await app.do('records')).blockers).toEqual(['prevent-app-suspension']);

    await app.do('closeWindow');
    const closing = await app.do('nextDialog');
    expect(closing.options).toMatchObject({
      message: `${guest} is still on the way.`,
      detail: expect.stringContaining('continues without the window'),
      buttons: ['Close the window', 'Keep it open'],
    });
    await app.do('answerDialog', { response: 1 });
    expect((await app.do('records')).windows).toHaveLength(1);

    await app.do('quit');
    expect((await app.do('nextDialog')).options).toMatchObject({
      detail: expect.stringContaining('no process manages it'),
      buttons: ['Close the window', 'Quit anyway', 'Keep it open'],
    });
    await app.do('answerDialog', { response: 0 });
    await until(({ windows }) => windows.length === 0);

    const { notifications, blockers } = await until((records) => records.notifications.length > 0);
    expect([notifications, blockers]).toEqual([
      [
        {
          title: `${guest} has moved to ${destination}`,
          body: expect.stringMatching(/^It took .*, downtime .*\.$/),
          urgency: 'normal',
        },
      ],
      [],
    ]);

    await app.do('clickNotification');
    await until(({ windows }) => windows[0]?.url === `app://ui/#/running/${id}`);
    await app.do('whenLoaded');
    await app.do('waitFor', `document.body.textContent.includes(${JSON.stringify(guest)})`);

    const asked = call('migration.export', { id, format: 'json' });
    const { options } = await app.do('nextDialog');
    const filePath = join(home, 'documents', 'record.json');
    await app.do('answerDialog', { canceled: false, filePath });
    expect([options, await asked]).toEqual([
      expect.objectContaining({ defaultPath: expect.stringContaining(join(home, 'documents')) }),
      { kind: 'saved', fileName: 'record.json' },
    ]);
    expect([statSync(filePath).mode & 0o777, JSON.parse(readFileSync(filePath, 'utf8'))]).toEqual([
      0o600,
      expect.objectContaining({ id, outcome: 'done-on-destination' }),
    ]);

    const waved = call('migration.export', { id, format: 'csv' });
    await app.do('nextDialog');
    await app.do('answerDialog', { canceled: true, filePath: '' });
    expect(await waved).toEqual({ kind: 'dismissed' });

    await app.do('closeWindow');
    expect(await app.ended).toBe(0);
  });

  test('that is quit in the middle is taken up by the next start', async () => {
    const id = await startMigration();
    await app.do('quit');
    await app.do('nextDialog');
    await app.do('answerDialog', { response: 1 });
    expect(await app.ended).toBe(0);

    app = await open();
    while ((await outcomeOf(id)) === undefined) await sleep(500);
    await until(({ blockers }) => blockers.length === 0);
    expect(await outcomeOf(id)).toBe('done-on-destination');
  });
});
