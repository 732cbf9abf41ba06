import type { Fd } from '#native/fd.ts';
import { connectBlocking, openSocket } from '#native/socket.ts';
import { tell } from './back-door.ts';
import type { Copy } from './copies.ts';

/** Another program that has opened a QEMU's monitor and keeps it: QEMU serves one client at a time, the next ones wait. */
export class MonitorHolder implements Disposable {
  readonly #socket: Fd;

  /** Blocks until it is connected: served at once, or next. What QEMU says to it, nobody reads. */
  constructor(monitorPath: string) {
    this.#socket = openSocket('unix');
    connectBlocking(this.#socket, { family: 'unix', path: monitorPath }, 1000);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** As QEMU calls the character device behind the first `-qmp` of its command line. */
const firstMonitor = { type: 'chardev', id: 'compat_monitor0' };

/** Takes the monitor away from whoever has it, until disposed; the QEMU and its migration go on. */
export function cutMonitor({ pid, monitorPath }: Copy): MonitorHolder {
  const next = new MonitorHolder(monitorPath);
  tell(pid, 'yank', { instances: [firstMonitor] });
  return next;
}
