import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { labDown } from '#lab/lab.ts';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { chromiumPath, launchChromium } from '#e2e/support/chromium.ts';
import { Premises, ServedApp } from './served-app.ts';
import { WebVisitor, type WebWindow } from './web-window.ts';

// The whole of it: the web host, the real engine, two hosts, two QEMUs, and a user who clicks. Only the lab is made
// beforehand, under a name of this test's own; SWITCHYARD_PICTURES names a folder that the screens are kept in.

const pictures = process.env['SWITCHYARD_PICTURES'];
const lab = pictures === undefined ? `sy-${process.pid}-c` : 'lab';
const reason = (await whyNoLabs()) || (existsSync(chromiumPath) ? '' : ' (skipped: needs chromium)');
const mebibyte = 2 ** 20;

describe.skipIf(reason !== '')(`a user who clicks${reason}`, () => {
  let premises: Premises;
  let app: ServedApp;
  let browser: Browser;
  let page: Page;
  let window: WebWindow;
  const complaints: string[] = [];

  beforeAll(async () => {
    premises = new Premises();
    app = await ServedApp.start(premises);
    browser = await launchChromium();
    const context = await browser.newContext({ viewport: { width: 1440, height: 980 }, acceptDownloads: true });
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} ${message.location().url}`);
    });
    await page.goto(app.link);
    await page.getByRole('heading', { name: 'Migrate a guest' }).waitFor();
    const cookies = await context.cookies();
    const { origin } = new URL(app.link);
    const visitor = new WebVisitor(origin, cookies.map(({ name, value }) => `${name}=${value}`).join('; '));
    window = await visitor.open();
    await window.call('lab.up', {
      name: lab,
      linkRatesBitsPerSecond: [100e6, 100e6],
      guestMemoryBytes: (pictures === undefined ? 256 : 512) * mebibyte,
    });
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await page.screenshot({ path: join('out', 'failures', 'clicks.png') });
  });
  afterAll(async () => {
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.use(premises);
    cleanUp.defer(async () => void (await labDown(lab)));
    cleanUp.defer(async () => void (await app.end('SIGINT')));
    cleanUp.defer(() => browser.close());
  });

  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
  const subflowOf = (name: string): Locator =>
    page.getByRole('table', { name: 'Subflows' }).getByRole('row').filter({ hasText: name }).last();

  /** The screen as it is now, in light and in dark. */
  const picture = async (name: string): Promise<void> => {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`), animations: 'disabled' });
    }
  };

  test('from the lab to a migration that moves in three clicks, its commands read beforehand', async () => {
    await page.getByRole('link', { name: 'Lab', exact: true }).click();
    await button(`Migrate ${lab}-guest to ${lab}-destination`).waitFor();
    await picture('lab');
    await button(`Migrate ${lab}-guest to ${lab}-destination`).click();
    await page.getByText('Forecast:').waitFor();
    await expect.poll(() => button('Migrate').isEnabled(), { timeout: 20_000 }).toBe(true);
    await picture('migrate');
    await button('Review QMP').click();
    await page.getByText('migrate-incoming').waitFor();
    await page.getByRole('button', { name: /close/i }).click();
    await button('Migrate').click();
    await page.getByRole('heading', { name: `${lab}-guest` }).waitFor();
    await subflowOf('eth1').getByText('active').waitFor();
    await subflowOf('eth2').getByText('active').waitFor();
  });

  test('a link that is cut: its subflow says so, a sentence reports it, and a reload finds it all again', async () => {
    await page.waitForTimeout(3000);
    await button('Cut link 2').click();
    const sentence = page.getByText(/^eth2 on .* lost its link\.$/).first();
    await sentence.waitFor();
    await expect.poll(() => subflowOf('eth2').getByText('active').count(), { timeout: 10_000 }).toBe(0);
    await page.reload();
    await sentence.waitFor();
    await subflowOf('eth1').getByText('active').waitFor();
    await page.waitForTimeout(1000);
    await button('Restore link 2').click();
    await subflowOf('eth2').filter({ hasText: 'active' }).waitFor();
    await page.waitForTimeout(3000);
    await picture('running');
  });

  test('it arrives, whole, and says what each path did for it', async () => {
    await page.getByText(`Done: ${lab}-guest is on ${lab}-destination.`).first().waitFor({ timeout: 90_000 });
    const shares = page.getByRole('list', { name: 'Share of each path' });
    await shares.waitFor();
    await picture('result');
    expect([await shares.getByRole('listitem').count(), await window.call('lab.verify', { name: lab })]).toEqual([
      2,
      expect.objectContaining({ proven: true }),
    ]);
  });

  test('its report is downloaded, and is read where there is no network and no script', async () => {
    const downloads = page.waitForEvent('download');
    await page
      .getByRole('button', { name: /^Export/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: /report/ }).click();
    const download = await downloads;
    const file = join(premises.folder, download.suggestedFilename());
    await download.saveAs(file);
    const reader = await browser.newPage({ offline: true });
    await reader.goto(pathToFileURL(file).href);
    expect([
      download.suggestedFilename(),
      await reader.locator('script').count(),
      (await reader.getByText(/eth2 on .* lost its link/).count()) > 0,
      (await reader.locator('svg').count()) > 0,
    ]).toEqual([expect.stringMatching(/^switchyard-\d{8}T\d{6}Z-[0-9a-f]{4}\.html$/), 0, true, true]);
    await reader.close();
    await page.getByRole('button', { name: /^Close Success alert/ }).click();
  });

  test('it is opened again from the history, and replayed', async () => {
    await page.getByRole('link', { name: 'History', exact: true }).click();
    await page.getByRole('table', { name: 'Migrations' }).waitFor();
    await picture('history');
    await page
      .getByRole('link', { name: `${lab}-guest` })
      .first()
      .click();
    const scrubber = page.getByRole('slider').first();
    await scrubber.waitFor();
    await scrubber.focus();
    await page.keyboard.press('ArrowLeft');
    await picture('replay');
    expect(await page.getByText(/^eth2 on .* lost its link\.$/).count()).toBeGreaterThan(0);
  });

  test('the hosts are shown with their links and what they can do', async () => {
    await page.getByRole('link', { name: 'Hosts', exact: true }).click();
    const host = page.getByRole('heading', { name: `${lab}-source` });
    await host.waitFor();
    await picture('hosts');
    expect(await host.count()).toBe(1);
  });

  test('the browser had nothing to object to', () => {
    expect(complaints).toEqual([]);
  });
});
