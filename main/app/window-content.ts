import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { SwitchyardError } from '#contract/errors.ts';

/** One file of what windows are made of. */
export interface ContentFile {
  readonly mediaType: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

/** What windows are made of: by the path in its address, `/assets/index-Bx3f.js`. */
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
 * Reads the built content once, at the start: some MiB. A request is answered by looking its path up here, so no path that
 * comes from a page ever reaches the file system, and a build in the meantime takes nothing from under an open window.
 * Files of other kinds (source maps) and symbolic links are not content.
 */
export function readManifest(folder: string): Manifest {
  const files = filesIn(folder).flatMap((path): [string, ContentFile][] => {
    const mediaType = mediaTypes[extname(path)];
    return mediaType === undefined ? [] : [[`/${relative(folder, path)}`, { mediaType, bytes: readFileSync(path) }]];
  });
  const manifest = new Map(files);
  const page = manifest.get('/index.html');
  if (!page) throw notBuilt(folder);
  return manifest.set('/', page);
}

/**
 * What a window may load and do, whichever face it has: its own scripts, styles, pictures and fonts. `connect` is where
 * it may talk to: a desktop window nowhere, since it has its bridge, a browser's the socket of the host that it came from.
 * Source: Content Security Policy Level 3 (W3C).
 */
export function contentSecurityPolicy(connect: 'none' | 'self'): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src '${connect}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    throw notBuilt(folder);
  }
}

function notBuilt(folder: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'rejected',
    phase: 'starting',
    event: 'read-content',
    text: `There is no index.html in ${folder}: what the windows are made of has not been built.`,
    remedy: 'Build it with `npm run build`, then start again.',
  });
}
