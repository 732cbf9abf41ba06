import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type BrowserServer } from 'playwright-core';
import { chromiumOptions, chromiumPath } from '#e2e/support/chromium.ts';

export const checkout = join(import.meta.dirname, '../../..');

/** Why the built app cannot be run here, in words for the test's title; empty when it can. */
export function whyNoDesktop(): string {
  return existsSync(chromiumPath) ? '' : ` (skipped: needs ${chromiumPath}, whose pages stand in for windows)`;
}

/** Builds main process and preload script from the sources as they are now, into a folder of their own: a second. */
export async function buildDesktop(): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'switchyard-built-'));
  await promisify(execFile)(
    join(checkout, 'node_modules/.bin/electron-vite'),
    ['build', '--ignoreConfigWarning', '--logLevel', 'warn', '--outDir', join(root, 'out')],
    { cwd: checkout },
  );
  furnish(root);
  return root;
}

/** What the built files look for around them. */
function furnish(root: string): void {
  cpSync(join(checkout, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'));
}

/** The content that the window is built to show. Built when there is none: the app itself never notices the difference. */
export async function addContent(root: string): Promise<void> {
  await promisify(execFile)(
    join(checkout, 'node_modules/.bin/vite'),
    ['build', '--config', 'renderer.vite.config.ts', '--logLevel', 'warn', '--outDir', join(root, 'out/renderer')],
    // The test runner's own mode would bring React's development build, which warns where users hear nothing.
    { cwd: checkout, env: { ...process.env, NODE_ENV: 'production' } },
  );
}

/** A page of one line and a script, for tests of what is around it. */
export function addPlainContent(root: string): void {
  mkdirSync(join(root, 'out/renderer/assets'), { recursive: true });
  writeFileSync(
    join(root, 'out/renderer/index.html'),
    '<!doctype html><html lang="en"><head><title>plain</title><script type="module" src="./assets/index.js"></script></head><body>plain</body></html>',
  );
  writeFileSync(join(root, 'out/renderer/assets/index.js'), 'globalThis.scriptRan = true;\n');
}

/** A copy of a built app in which one piece of text is another. */
export function withChange(root: string, file: string, find: string | RegExp, replacement: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  const changed = text.replace(find, () => replacement);
  if (changed === text) {
    throw new Error(`${file} does not hold ${String(find)}: the test looks for a setting that has gone`);
  }
  const copy = mkdtempSync(join(tmpdir(), 'switchyard-changed-'));
  cpSync(join(root, 'out'), join(copy, 'out'), { recursive: true });
  furnish(copy);
  writeFileSync(join(copy, file), changed);
  return copy;
}

export function remove(root: string): void {
  rmSync(root, { recursive: true, force: true });
}

/** One Chromium for all the apps of a test file. */
export async function startBrowser(): Promise<BrowserServer> {
  return chromium.launchServer(chromiumOptions);
}
