import type { BrowserServer } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addPlainContent,
  buildDesktop,
  remove,
  startBrowser,
  whyNoDesktop,
  withChange,
} from '#e2e/support/electron/built-app.ts';
import { startApp, type DesktopApp } from '#e2e/support/electron/driver.ts';
import { rules } from './rules.ts';
import { weakenings } from './weakenings.ts';

// The built shell, run against the stand-in for Electron: every rule holds, and no setting can be weakened without a rule
// noticing it.

const whyNot = whyNoDesktop();
let root: string;
let browser: BrowserServer;

beforeAll(async () => {
  if (whyNot !== '') return;
  [root, browser] = await Promise.all([buildDesktop(), startBrowser()]);
  addPlainContent(root);
});

afterAll(async () => {
  if (whyNot !== '') return;
  await browser.close();
  remove(root);
});

/** A packaged app whose page has been loaded, or has failed to. */
async function open(builtAt: string): Promise<DesktopApp> {
  const app = await startApp({ root: builtAt, browserEndpoint: browser.wsEndpoint(), packaged: true });
  await app.do('whenLoaded');
  return app;
}

describe.skipIf(whyNot !== '')(`the shell as it is built${whyNot}`, () => {
  let app: DesktopApp;
  beforeAll(async () => void (app = await open(root)));
  afterAll(() => app.dispose());

  test.each(rules)('$says', async ({ holds }) => {
    expect(await holds(app)).toBe(true);
  });
});

describe.skipIf(whyNot !== '')(`weakened${whyNot}`, { concurrent: true }, () => {
  test.each(weakenings)('$name', async ({ file, find, replacement, noticedBy }) => {
    const rule = rules.find(({ says }) => says === noticedBy);
    const changed = withChange(root, file, find, replacement);
    try {
      const app = await open(changed);
      try {
        expect(await rule?.holds(app).catch(() => false)).toBe(false);
      } finally {
        await app.dispose();
      }
    } finally {
      remove(changed);
    }
  });
});
