import type { Socket } from 'node:net';
import { peerCredentials, type PeerCredentials } from '#native/peer-credentials.ts';
import { descriptorOf } from '#native/send-file-descriptors.ts';

/** The process at the other end of a connected unix socket; `undefined` once the socket is closed. */
export function peerOf(socket: Socket): PeerCredentials | undefined {
  try {
    return peerCredentials(descriptorOf(socket));
  } catch {
    // For any reason: a peer of which nothing is known is a stranger.
    return undefined;
  }
}

/** Whether a process of this user may have what is ours: root, and who we are ourselves. */
export function isOurs(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
