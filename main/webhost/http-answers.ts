import type { IncomingMessage } from 'node:http';
import { contentSecurityPolicy, type Manifest } from '#main/app/window-content.ts';
import { hasSession, isOurHost, sessionCookie, type Whereabouts } from './gate.ts';
import { enter, linkIsSpent, noSession, notFound } from './pages.ts';
import type { Sessions } from './sessions.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface Premises {
  readonly manifest: Manifest;
  readonly sessions: Sessions;
  readonly whereabouts: Whereabouts;
}

/** Sent with every answer, refusals included. */
const always = {
  'content-security-policy': contentSecurityPolicy('self'),
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

const htmlType = 'text/html; charset=utf-8';
/** A name that changes with its content need not be asked for twice. */
const unchanging = 'private, max-age=31536000, immutable';

/** Every request to the web host beside its WebSocket. Checks first; what is not in the manifest does not exist. */
export function answerHttp(
  { method, url = '/', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  { manifest, sessions, whereabouts }: Premises,
): HttpAnswer {
  if (!isOurHost(headers, whereabouts)) return page(421, notFound);
  if (method !== 'GET' && method !== 'HEAD') return page(405, notFound, { allow: 'GET, HEAD' });
  // As it came: a name that needs decoding or resolving is not in the manifest.
  const [pathname = '', query = ''] = url.split('?', 2);
  const token = new URLSearchParams(query).get('token');
  if (pathname === '/' && token !== null) {
    const session = sessions.exchange(token);
    if (session !== undefined) return page(200, enter, { 'set-cookie': sessionCookie(session, whereabouts) });
    // Reloaded, or opened again from the history, by a browser that is in already.
    return hasSession(headers, sessions, whereabouts) ? page(200, enter) : page(403, linkIsSpent);
  }
  if (!hasSession(headers, sessions, whereabouts)) return page(401, noSession);
  const file = manifest.get(pathname);
  if (!file) return page(404, notFound);
  return {
    status: 200,
    headers: {
      ...always,
      'content-type': file.mediaType,
      'cache-control': pathname.startsWith('/assets/') ? unchanging : 'no-store',
    },
    body: file.bytes,
  };
}

function page(status: number, body: string, more: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers: { ...always, 'content-type': htmlType, 'cache-control': 'no-store', ...more }, body };
}
