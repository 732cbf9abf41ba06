import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { recordToHtml } from './html.ts';
import { hostileRecord } from './testing/hostile-record.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const present = existsSync(executablePath);
if (!present) process.stdout.write(`skipped: there is no ${executablePath}; CHROMIUM_PATH can name another\n`);

test.skipIf(!present)('in a real browser, a hostile record runs nothing and loads nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-report-'));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const file = join(directory, 'report.html');
    writeFileSync(file, recordToHtml(hostileRecord()));
    const page = await browser.newPage();
    const hits: string[] = [];
    const requests: string[] = [];
    await page.exposeFunction('hit', () => hits.push('hit'));
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => hits.push(message.text()));
    await page.goto(pathToFileURL(file).href);
    await page.locator('summary').click();
    await page.waitForTimeout(300);
    expect({ hits, requests, svgs: await page.locator('svg').count() }).toEqual({
      hits: [],
      requests: [pathToFileURL(file).href],
      svgs: 2,
    });
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true });
  }
});
