import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

/**
 * A module finds its data file beside itself: `join(import.meta.dirname, 'name')`. All modules of a bundle end up in one
 * file, so all data files end up beside that. A file that is not there fails the build.
 */
export function dataFiles(): Plugin {
  return {
    name: 'switchyard:data-files',
    enforce: 'pre',
    async transform(code, id) {
      for (const [, fileName = ''] of code.matchAll(/join\(import\.meta\.dirname, '([^'/]+)'\)/g)) {
        this.emitFile({ type: 'asset', fileName, source: await readFile(join(dirname(id), fileName)) });
      }
    },
  };
}
