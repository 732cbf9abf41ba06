import { ENOPROTOOPT, SO_NETNS_COOKIE, SOL_SOCKET } from './constants.ts';
import { NativeError } from './native-error.ts';
import { readOptionInto } from './read-struct-option.ts';
import { openSocket } from './socket.ts';

/**
 * What names this thread's network namespace for as long as the machine runs (SO_NETNS_COOKIE, Linux 5.14). The inode
 * number that /proc/PID/ns/net shows does not: the kernel gives it to another namespace once this one is gone.
 * `undefined` on an older kernel.
 */
export function namespaceCookie(): bigint | undefined {
  using socket = openSocket('unix');
  // No more and no less room than it takes (net/core/sock.c).
  const bytes = Buffer.alloc(8);
  try {
    return readOptionInto(socket, SOL_SOCKET, SO_NETNS_COOKIE, bytes, 'read SO_NETNS_COOKIE').readBigUInt64LE(0);
  } catch (thrown) {
    if (thrown instanceof NativeError && thrown.errno === ENOPROTOOPT) return undefined;
    throw thrown;
  }
}
