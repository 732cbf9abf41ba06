import { readdirSync } from 'node:fs';
import { extname, join, relative } from 'node:path';

/** One file of the window's content. */
export interface ContentFile {
  readonly path: string;
  readonly mediaType: string;
}

/** What a window's content consists of: by the path in its address, `/assets/index-Bx3f.js`. */
export type Manifest = ReadonlyMap<string, ContentFile>;

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/**
 * Lists the built content once, at the start. A request is answered by looking its path up here, so no path that comes
 * from a page ever reaches the file system: there is nothing to escape from. Files of other kinds (source maps) and
 * symbolic links are not content.
 */
export function readManifest(folder: string): Manifest {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry): [string, ContentFile][] => {
      const path = join(entry.parentPath, entry.name);
      const mediaType = mediaTypes[extname(entry.name)];
      return mediaType === undefined ? [] : [[`/${relative(folder, path)}`, { path, mediaType }]];
    });
  const manifest = new Map(files);
  const page = manifest.get('/index.html');
  if (!page) throw new Error(`There is no index.html in ${folder}: the window's content has not been built.`);
  return manifest.set('/', page);
}
