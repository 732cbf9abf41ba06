import { chromium, type Browser, type CDPSession } from 'playwright-core';

let browser: Browser | undefined;
let session: CDPSession | undefined;

/** Joins the Chromium that the test has started: one for many apps, each with contexts of its own. */
export async function joinBrowser(endpoint: string): Promise<void> {
  browser = await chromium.connect(endpoint);
  session = await browser.newBrowserCDPSession();
}

export async function leaveBrowser(): Promise<void> {
  await browser?.close();
}

export function theBrowser(): Browser {
  if (!browser) throw new Error('a window was made before the app was ready');
  return browser;
}

export function browserSession(): CDPSession {
  if (!session) throw new Error('a window was made before the app was ready');
  return session;
}
