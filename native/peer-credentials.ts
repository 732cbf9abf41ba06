import { SO_PEERCRED, SOL_SOCKET } from './constants.ts';
import type { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';

/** struct ucred (<linux/socket.h>): three 32-bit numbers. */
export const credentialsLayout = { bytes: 12, pid: 0, uid: 4, gid: 8 } as const;

/** Who is at the other end of a unix socket, as the kernel wrote it down. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * SO_PEERCRED of a connected unix stream socket (unix(7)): on the side that connected, the process that called
 * `listen`, as it was then; on the side that accepted, the process that called `connect`. The pid is 0 where that
 * process is in a pid namespace that this one does not see; a uid that this user namespace does not map is 65534.
 *
 * `socket` may be the number of a Node socket: see `descriptorOf`.
 */
export function peerCredentials(socket: Fd | number): PeerCredentials {
  const bytes = Buffer.alloc(credentialsLayout.bytes);
  const length = new Uint32Array([bytes.length]);
  const number = typeof socket === 'number' ? socket : socket.number;
  const result = libc().getsockopt(number, SOL_SOCKET, SO_PEERCRED, bytes, length);
  if (result < 0) throw new NativeError('getsockopt', -result, 'read who is at the other end of a socket');
  return {
    pid: bytes.readInt32LE(credentialsLayout.pid),
    uid: bytes.readUInt32LE(credentialsLayout.uid),
    gid: bytes.readUInt32LE(credentialsLayout.gid),
  };
}
