import type { NetlinkSession } from '#native/netlink/session.ts';
import type { TcpSocketRow } from '#native/netlink/socket-table.ts';
import { readAddresses, readLinks } from '#native/netlink/network-links.ts';

/** Which interface a local address belongs to, read again when a socket shows one that is not known. */
export class InterfaceNames {
  readonly #session: NetlinkSession;
  #byIndex: ReadonlyMap<number, string> = new Map();
  #byAddress: ReadonlyMap<string, string> = new Map();
  #readAtMonoMs = Number.NEGATIVE_INFINITY;

  constructor(session: NetlinkSession) {
    this.#session = session;
  }

  /** A socket that is bound to an interface leaves by it, wherever its address is. */
  of(row: Pick<TcpSocketRow, 'localAddress' | 'boundInterfaceIndex'>, atMonoMs: number): string | undefined {
    const known = this.#lookUp(row);
    // Once a second at most: an address that was removed stays unknown.
    if (known !== undefined || atMonoMs - this.#readAtMonoMs < 1000) return known;
    this.#read(atMonoMs);
    return this.#lookUp(row);
  }

  #lookUp({ localAddress, boundInterfaceIndex }: Pick<TcpSocketRow, 'localAddress' | 'boundInterfaceIndex'>) {
    return this.#byIndex.get(boundInterfaceIndex) ?? this.#byAddress.get(localAddress);
  }

  #read(atMonoMs: number): void {
    this.#readAtMonoMs = atMonoMs;
    this.#byIndex = new Map(readLinks(this.#session).map(({ index, name }) => [index, name]));
    const named = readAddresses(this.#session).map(
      ({ address, interfaceIndex }) => [address, this.#byIndex.get(interfaceIndex) ?? ''] as const,
    );
    this.#byAddress = new Map(named.filter(([, name]) => name !== ''));
  }
}
