import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { expect, test as plainTest } from 'vitest';
import { chromiumPath, launchChromium } from './chromium.ts';
import { Visitor, type Theme } from './visitor.ts';

/** A test with an operator in front of the window; it fails when the browser objects to anything, whatever else it looks at. */
export const test = plainTest.extend<{ browser: Browser; theme: Theme; visitor: Visitor }>({
  browser: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern what a fixture needs
    async ({}, use) => {
      const browser = await launchChromium();
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  theme: 'light',
  visitor: async ({ skip, browser, theme }, use) => {
    if (!existsSync(chromiumPath)) skip(`needs ${chromiumPath}`);
    await using visitor = await Visitor.enter(browser, theme);
    await use(visitor);
    // oxlint-disable-next-line vitest/no-standalone-expect -- every test that asks for a visitor runs this
    expect(visitor.complaints).toEqual([]);
  },
});
