import type { WebContents } from 'electron';

/**
 * The window shows the address that main has loaded and never another: links, redirects, frames and dropped files lead
 * nowhere, and no further window opens. Moving within the page (`#/history`) is no navigation.
 */
export function lockNavigation(contents: WebContents): void {
  contents.on('will-navigate', (details) => details.preventDefault());
  contents.on('will-frame-navigate', (details) => details.preventDefault());
  contents.on('will-redirect', (details) => details.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
