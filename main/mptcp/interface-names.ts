import type { NetlinkSession } from '#native/netlink/session.ts';
import type { TcpSocketRow } from '#native/netlink/socket-table.ts';
import { readAddresses, readLinks } from '#native/netlink/network-links.ts';

type SocketPlace = Pick<TcpSocketRow, 'localAddress' | 'boundInterfaceIndex'>;

/** Which interface a local address belongs to, read again when a socket shows one that is not known. */
export class InterfaceNames {
  readonly #session: NetlinkSession;
  #byIndex: ReadonlyMap<number, string> = new Map();
  #byAddress: ReadonlyMap<string, string> = new Map();
  #readAtMonoMs = Number.NEGATIVE_INFINITY;

  constructor(session: NetlinkSession) {
    this.#session = session;
  }

  /** Learns what these sockets need. Once a second at most: an address that was removed stays unknown. */
  async refresh(rows: readonly SocketPlace[], atMonoMs: number): Promise<void> {
    if (atMonoMs - this.#readAtMonoMs < 1000 || rows.every((row) => this.of(row) !== undefined)) return;
    await this.#read(atMonoMs);
  }

  /** A socket that is bound to an interface leaves by it, wherever its address is. */
  of({ localAddress, boundInterfaceIndex }: SocketPlace): string | undefined {
    return this.#byIndex.get(boundInterfaceIndex) ?? this.#byAddress.get(localAddress);
  }

  async #read(atMonoMs: number): Promise<void> {
    this.#readAtMonoMs = atMonoMs;
    this.#byIndex = new Map((await readLinks(this.#session)).map(({ index, name }) => [index, name]));
    const named = (await readAddresses(this.#session)).map(
      ({ address, interfaceIndex }) => [address, this.#byIndex.get(interfaceIndex) ?? ''] as const,
    );
    this.#byAddress = new Map(named.filter(([, name]) => name !== ''));
  }
}
