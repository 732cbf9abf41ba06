import { globSync, statSync } from 'node:fs';
import { build } from 'vite';

/** Before the tests of the window: they look at what is delivered, so it must be of these sources. */
export async function setup(): Promise<void> {
  if (!isUpToDate()) await build({ configFile: 'renderer.vite.config.ts', logLevel: 'warn' });
}

function isUpToDate(): boolean {
  const built = changedAtMs('out/renderer/index.html');
  const sources = [
    ...globSync('{renderer,contract}/**/*.{ts,tsx,css,html,svg}'),
    'renderer.vite.config.ts',
    'package.json',
  ];
  return sources.every((source) => changedAtMs(source) < built);
}

function changedAtMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
