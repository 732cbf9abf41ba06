import type { ConnectionSample } from '#contract/telemetry.ts';
import type { ConnectionEnd, OwnedSocket, SocketName } from '#main/engine/ports.ts';
import { makeRoom } from '#main/hosts/burst-room.ts';
import { inContractTerms } from '#main/hosts/failures.ts';
import { formatToken } from '#main/mptcp/connections.ts';
import { Fd } from '#native/fd.ts';
import { isMptcp } from '#native/is-mptcp.ts';
import { readMptcpInfo } from '#native/mptcp-info.ts';
import { readSubflowTcpInfos } from '#native/mptcp-subflow-arrays.ts';
import { localAddress, type StreamProtocol } from '#native/socket.ts';
import { nameOf } from './socket-name.ts';

/** A socket that this process holds, so that a QEMU of this machine can be given a copy of it. */
export interface HeldSocket extends OwnedSocket {
  readonly descriptor: Fd;
}

/** Throws a TypeError for a socket of another kind of host: it is not on this machine. */
export function descriptorOf(socket: OwnedSocket): Fd {
  if ('descriptor' in socket && socket.descriptor instanceof Fd) return socket.descriptor;
  throw new TypeError('this socket is not one of this machine, and cannot be handed to a QEMU here');
}

/** One end of a connection that this process has made. */
export class ConnectedSocket implements HeldSocket {
  readonly local: SocketName;
  readonly descriptor: Fd;
  readonly #asked: StreamProtocol;
  readonly #remote: SocketName;

  /** Takes over the descriptor. `asked` is what the socket was opened for, which need not be what it became. */
  constructor(fd: Fd, asked: StreamProtocol, remote: SocketName) {
    this.descriptor = fd;
    this.#asked = asked;
    this.#remote = remote;
    this.local = nameOf(localAddress(fd));
  }

  connection(): Promise<ConnectionSample> {
    return inContractTerms((): ConnectionSample => {
      const info = isMptcp(this.descriptor) ? readMptcpInfo(this.descriptor) : undefined;
      if (info) {
        const { token, bytesAcked: bytesSent = 0, bytesReinjected = 0 } = info;
        return { id: formatToken(token), protocol: 'mptcp', fallback: false, bytesSent, bytesReinjected };
      }
      const id = `tcp-${this.local.port}`;
      return { id, protocol: 'tcp', fallback: this.#asked === 'mptcp', bytesSent: 0, bytesReinjected: 0 };
    });
  }

  makeRoom(): Promise<void> {
    return inContractTerms(() => makeRoom(this.descriptor));
  }

  subflows(): Promise<number> {
    return inContractTerms(() => {
      const infos = isMptcp(this.descriptor) ? readSubflowTcpInfos(this.descriptor) : undefined;
      return infos?.filter(({ state }) => state === 'established').length ?? 1;
    });
  }

  end(): Promise<ConnectionEnd> {
    return inContractTerms((): ConnectionEnd => {
      const info = isMptcp(this.descriptor) ? readMptcpInfo(this.descriptor) : undefined;
      const subflows = [{ local: this.local, remote: this.#remote }];
      const end = { subflows, held: true, established: true };
      if (!info) return end;
      const { writeSequence: sent, unackedSequence: acked, receiveSequence: received } = info;
      return { ...end, sequence: { sent, acked, received } };
    });
  }

  [Symbol.dispose](): void {
    this.descriptor[Symbol.dispose]();
  }
}
