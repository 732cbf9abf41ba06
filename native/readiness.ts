import { closeSync, fstatSync } from 'node:fs';
import { EINTR, F_DUPFD_CLOEXEC, POLLIN, POLLOUT } from './constants.ts';
import type { Fd } from './fd.ts';
import { ffi, libc } from './libc.ts';
import { NativeError } from './native-error.ts';

export type Readiness = 'readable' | 'writable';

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Blocks this thread until the descriptor is ready; false when `timeoutMs` went by first. For waits of a few
 * milliseconds (a kernel that answers at once); everything longer uses {@link waitUntilReady}.
 */
export function blockUntilReady(fd: number, readiness: Readiness, timeoutMs: number): boolean {
  const entry = Buffer.alloc(8); // struct pollfd: int fd, short events, short revents
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(readiness === 'readable' ? POLLIN : POLLOUT, 4);
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const remainingMs = Math.max(0, Math.ceil(deadline - performance.now()));
    const result = libc().poll(entry, 1, remainingMs);
    if (result > 0) return true;
    if (result === 0) return false;
    if (result !== -EINTR) throw new NativeError('poll', -result, 'wait for a descriptor');
  }
}

/**
 * True when the descriptor is ready (or has failed: the next call on it shows it), false when `timeoutMs` went by first.
 * The JS thread stays free and no pool thread is held: the event loop itself watches. Rejects with the signal's reason.
 */
export async function waitUntilReady(fd: Fd, readiness: Readiness, options: WaitOptions): Promise<boolean> {
  const { timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const onAbort = (): void => reject(signal?.reason);
  const watch = watchReadiness(fd, readiness, () => resolve(true));
  const timer = setTimeout(() => resolve(false), timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await promise;
  } finally {
    watch[Symbol.dispose]();
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

export interface ReadinessWatch extends Disposable {
  /** Lets the process end although the watch is open. */
  unref(): void;
}

/**
 * Calls `onReady` from the event loop whenever the descriptor is ready, until disposed. Level-triggered: read until
 * nothing is left, or be called again. The socket stays open in the kernel until both the watch and the Fd are closed.
 */
export function watchReadiness(fd: Fd, readiness: Readiness, onReady: () => void): ReadinessWatch {
  // libuv watches a descriptor number once, and koffi ends the whole process when libuv refuses. A duplicate is a
  // number that nothing else watches, not even a Node socket on the same file.
  const duplicate = libc().fcntl(fd.number, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) throw new NativeError('fcntl', -duplicate, 'watch a descriptor');
  const file = fstatSync(duplicate);
  if (file.isFile() || file.isDirectory()) {
    closeSync(duplicate);
    throw new TypeError('A file or folder is always ready and cannot be watched; watch sockets, pipes and processes.');
  }

  let immediate: NodeJS.Immediate | undefined;
  // koffi calls back outside Node's callback scope: promises settled there would wait for some later event, and an
  // exception would have nowhere to go. An immediate runs in this same turn of the loop, inside such a scope.
  const onEvent = (): void => {
    immediate ??= setImmediate(() => {
      immediate = undefined;
      onReady();
    });
  };
  const handle = ffi().watch(duplicate, { [readiness]: true }, onEvent);

  let open = true;
  return {
    unref: () => handle.unref(),
    [Symbol.dispose]: () => {
      if (!open) return;
      open = false;
      clearImmediate(immediate);
      handle.close();
      closeSync(duplicate);
    },
  };
}
