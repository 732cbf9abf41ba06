import type { IncomingHttpHeaders } from 'node:http';
import type { Sessions } from './sessions.ts';

/** Where we are, and so which names we are rightly called by. */
export interface Whereabouts {
  readonly port: number;
}

/** Cookies of one address are shared by all its ports: the name keeps two Switchyards apart. */
export function cookieName({ port }: Whereabouts): string {
  return `switchyard-${port}`;
}

export function sessionCookie(session: string, whereabouts: Whereabouts): string {
  return `${cookieName(whereabouts)}=${session}; HttpOnly; SameSite=Strict; Path=/`;
}

/**
 * Whether the request is meant for us. A page of somewhere else whose name has been made to lead here (DNS rebinding)
 * still names its own host.
 */
export function isOurHost({ host }: IncomingHttpHeaders, { port }: Whereabouts): boolean {
  return host !== undefined && ['127.0.0.1', '[::1]', 'localhost'].some((name) => host === `${name}:${port}`);
}

/** Whether a page of ours asks. WebSockets are exempt from the same-origin policy: only this header shows it. */
export function isOurOrigin(headers: IncomingHttpHeaders, whereabouts: Whereabouts): boolean {
  return isOurHost(headers, whereabouts) && headers.origin === `http://${headers.host}`;
}

export function hasSession({ cookie }: IncomingHttpHeaders, sessions: Sessions, whereabouts: Whereabouts): boolean {
  const name = `${cookieName(whereabouts)}=`;
  const values = (cookie ?? '').split(';').map((pair) => pair.trim());
  return values.some((pair) => pair.startsWith(name) && sessions.has(pair.slice(name.length)));
}
