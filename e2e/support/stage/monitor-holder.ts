import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Another program that has opened a QEMU's monitor and keeps it: QEMU serves one client at a time, the next ones wait. */
export class MonitorHolder implements AsyncDisposable {
  readonly #socket: Socket;

  /** Resolves once it is connected: served at once, or next. */
  static async open(monitorPath: string): Promise<MonitorHolder> {
    const socket = connect(monitorPath);
    await once(socket, 'connect');
    return new MonitorHolder(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    // Whatever QEMU says is read, and of no interest; that QEMU ends is not this program's affair.
    socket.resume();
    socket.on('error', () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }
}
