import { contentSecurityPolicy, type Manifest } from '#main/app/window-content.ts';
import { isUiAddress } from '#main/shell/security/origin.ts';

/** Sent with every answer, errors included. */
const headers = {
  'content-security-policy': contentSecurityPolicy('none'),
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

/** Answers `app://ui/...` from the manifest, and everything else with an empty refusal. */
export function serveContent(manifest: Manifest): (request: Request) => Response {
  return ({ method, url }) => {
    if (method !== 'GET') return refusal(405);
    const file = isUiAddress(url) ? manifest.get(new URL(url).pathname) : undefined;
    if (!file) return refusal(404);
    return new Response(file.bytes, { headers: { ...headers, 'content-type': file.mediaType } });
  };
}

function refusal(status: 404 | 405): Response {
  return new Response(undefined, { status, headers });
}
