import type { Session, WebContents } from 'electron';
import { isUiAddress } from './origin.ts';

/**
 * A page reaches its own files and the pictures that are written into it; everything else is cancelled before
 * anything leaves the machine. `devtools:` is Chromium's own inspector, which only a checkout opens.
 */
export function mayLoad(address: string, { inspector }: { readonly inspector: boolean }): boolean {
  return isUiAddress(address) || address.startsWith('data:') || (inspector && address.startsWith('devtools:'));
}

/** Also stops what is no request of a page: downloads. Files are written by main, where the operator has said. */
export function blockNetwork(session: Session, options: { readonly inspector: boolean }): void {
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !mayLoad(url, options) }));
  session.on('will-download', (event) => event.preventDefault());
}

/** WebRTC opens sockets that no request handler sees: without a proxy to go through, there is no way out for it. */
export function blockPeerConnections(contents: WebContents): void {
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
}

/** Chromium looks names up ahead of time, for links and hints; no name of a page is ever looked up. */
export const noNameLookups = ['host-resolver-rules', 'MAP * ~NOTFOUND'] as const;
