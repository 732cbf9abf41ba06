import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { joinMulticastGroup, receiveFromKernel } from '#native/netlink-socket.ts';
import type { NetworkNamespaceRef } from '#native/network-namespace.ts';
import { watchReadiness } from '#native/readiness.ts';
import { decodeMessages } from './message.ts';
import { openSocketIn } from './open-session.ts';
import { decodeSocketRow, sockDiagByFamily, type TcpSocketRow } from './socket-table.ts';

/** SKNLGRP_INET_TCP_DESTROY and SKNLGRP_INET6_TCP_DESTROY (include/uapi/linux/sock_diag.h). */
const destroyGroups = [1, 3] as const;
/** A host that closes more connections than this between two readings is too busy to be followed; the rest waits. */
const datagramsPerReading = 256;

/**
 * TCP sockets as the kernel takes leave of them: with their last tcp_info, when the socket table has them no more. Only
 * this shows what a connection carried between the last reading and its end.
 */
export class DestroyedSockets implements Disposable {
  readonly #fd: Fd;

  private constructor(fd: Fd) {
    this.#fd = fd;
  }

  /** Listens from now on. `undefined` without CAP_NET_ADMIN in that namespace. */
  static open(namespace?: NetworkNamespaceRef): DestroyedSockets | undefined {
    const fd = openSocketIn('sock-diag', namespace);
    try {
      for (const group of destroyGroups) joinMulticastGroup(fd, group);
      return new DestroyedSockets(fd);
    } catch (error) {
      fd[Symbol.dispose]();
      if (isNativeError(error, 'EPERM', 'EACCES')) return undefined;
      throw error;
    }
  }

  /** Those that were destroyed since it was last asked, of any process. Never waits; what came too fast is lost. */
  drain(): TcpSocketRow[] {
    const rows: TcpSocketRow[] = [];
    for (let count = 0; count < datagramsPerReading; count++) {
      const datagram = this.#receive();
      if (datagram === undefined) break;
      for (const message of decodeMessages(datagram)) {
        if (message.type !== sockDiagByFamily) continue;
        const row = decodeSocketRow(message.payload, 'tcp');
        if (row?.protocol === 'tcp') rows.push(row);
      }
    }
    return rows;
  }

  /** Calls from the event loop whenever there is something to drain, until disposed. Does not keep the process alive. */
  onSome(listener: () => void): Disposable {
    const watch = watchReadiness(this.#fd, 'readable', listener);
    watch.unref();
    return watch;
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }

  #receive(): Buffer | undefined {
    try {
      return receiveFromKernel(this.#fd);
    } catch (error) {
      if (isNativeError(error, 'ENOBUFS', 'EMSGSIZE')) return Buffer.alloc(0);
      throw error;
    }
  }
}
