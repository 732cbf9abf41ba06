import { chromium, type Browser, type LaunchOptions } from 'playwright-core';

export const chromiumPath = '/usr/bin/chromium';

/** Debian's Chromium as a test needs it: no user's profile, nothing fetched from anywhere. */
export const chromiumOptions: LaunchOptions = {
  executablePath: chromiumPath,
  args: [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Its sandbox refuses to be set up by root.
    ...(process.geteuid?.() === 0 ? ['--no-sandbox'] : []),
  ],
};

export function launchChromium(): Promise<Browser> {
  return chromium.launch(chromiumOptions);
}
