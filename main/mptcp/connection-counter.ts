import type { ConnectionSample } from '#contract/telemetry.ts';
import type { Connection } from './connections.ts';

/** What the subflows of one connection have carried so far. */
export interface CarriedBySubflows {
  readonly bytes: number;
  /** The part of it that was carried by subflows which have closed. */
  readonly bytesOfClosed: number;
  readonly anyIsOpen: boolean;
}

/**
 * Counts one connection by its own socket while that lives, and by its subflows where the kernel has no count of its own:
 * for TCP, for MPTCP before Linux 6.5, and at the end of every connection, whose socket goes without a farewell. Then what
 * was carried twice is taken off.
 *
 * The kernel's own count of that holds what was sent again because a subflow had fallen silent. A subflow that is closed
 * in good order still delivers what was under way on it, while the same is sent again on the others, and it is not counted:
 * it is what the subflows have carried beyond the connection, less what merely arrived out of order. The latter comes and
 * goes, so the smallest surplus since the last such end is the truest.
 */
export class ConnectionCounter {
  #sample: ConnectionSample;
  #isCountedByKernel = false;
  /** As the kernel counts it. */
  #sentAgain = 0;
  #carriedTwice = 0;
  #ended = '';

  constructor({ id, protocol, fallback }: Pick<Connection, 'id' | 'protocol' | 'fallback'>) {
    this.#sample = { id, protocol, fallback, bytesSent: 0, bytesReinjected: 0 };
  }

  get sample(): ConnectionSample {
    return this.#sample;
  }

  /** `connection` is absent once it is in no table any more: it keeps what its socket last said. */
  observe(connection: Connection | undefined, carried: CarriedBySubflows): void {
    const info = connection?.socket?.info;
    const { protocol, fallback } = connection ?? this.#sample;
    if (info?.bytesAcked !== undefined) this.#observeTwice(info.bytesAcked, info.bytesReinjected ?? 0, carried);
    this.#sentAgain = Math.max(this.#sentAgain, info?.bytesReinjected ?? 0);
    const ownBytes = Math.max(this.#sample.bytesSent, info?.bytesAcked ?? 0);
    const isCounted = protocol === 'mptcp' && this.#isCountedByKernel;
    this.#sample = {
      ...this.#sample,
      protocol,
      fallback,
      bytesReinjected: Math.max(this.#sentAgain, this.#carriedTwice),
      bytesSent: !isCounted
        ? carried.bytes
        : carried.anyIsOpen
          ? ownBytes
          : Math.max(ownBytes, carried.bytes - this.#carriedTwice),
    };
  }

  #observeTwice(ownBytes: number, bytesReinjected: number, { bytes, bytesOfClosed }: CarriedBySubflows): void {
    this.#isCountedByKernel = true;
    const surplus = Math.max(0, bytes - ownBytes);
    const ended = `${bytesOfClosed} ${bytesReinjected}`;
    const hasEnded = ended !== this.#ended;
    this.#ended = ended;
    const smallest = hasEnded ? surplus : Math.min(this.#carriedTwice, surplus);
    // As long as no subflow has closed, the kernel's count is all there can be.
    this.#carriedTwice = bytesOfClosed > 0 ? smallest : Math.min(smallest, bytesReinjected);
  }
}
