import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { connectBlocking, openSocket } from '#native/socket.ts';
import { tell } from './back-door.ts';
import type { Copy } from './copies.ts';

const attempts = 50;
const betweenAttemptsMs = 20;

/** Another program that has opened a QEMU's monitor and keeps it: QEMU serves one client at a time, the next ones wait. */
export class MonitorHolder implements Disposable {
  readonly #socket: Fd;

  /** Blocks until it is connected: served at once, or next. What QEMU sends to it is not read. */
  constructor(monitorPath: string) {
    this.#socket = openSocket('unix');
    for (let attempt = 1; !this.#connect(monitorPath, attempt === attempts); attempt += 1) pause(betweenAttemptsMs);
  }

  /** Others may stand in the queue, which is short: a command that lists all guests of this machine, for one. */
  #connect(path: string, isLast: boolean): boolean {
    try {
      connectBlocking(this.#socket, { family: 'unix', path }, 1000);
      return true;
    } catch (thrown) {
      if (isLast || !isNativeError(thrown) || thrown.code !== 'EAGAIN') throw thrown;
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** As QEMU calls the character device behind the first `-qmp` of its command line. */
const firstMonitor = { type: 'chardev', id: 'compat_monitor0' };

/** Takes the monitor away from its client, until disposed; the QEMU and its migration continue. */
export function cutMonitor({ pid, monitorPath }: Copy): MonitorHolder {
  const next = new MonitorHolder(monitorPath);
  tell(pid, 'yank', { instances: [firstMonitor] });
  return next;
}

/** Without letting anything else of this thread run. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
