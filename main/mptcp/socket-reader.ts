import { connectedStates } from '#native/netlink/tcp-state.ts';
import type { NetlinkSession } from '#native/netlink/session.ts';
import { readSockets, type MptcpSocketRow, type TcpSocketRow } from '#native/netlink/socket-table.ts';
import type { IpFamily } from '#native/netlink/ip-family.ts';
import type { PortFilter } from '#native/netlink/port-filter.ts';

export interface SocketTables {
  readonly tcp: readonly TcpSocketRow[];
  readonly mptcp: readonly MptcpSocketRow[];
}

const families: readonly IpFamily[] = ['ipv4', 'ipv6'];
/** A family in which nothing was found is looked at again after this long: a dump costs the kernel a walk of its table. */
const emptyFamilyEveryMs = 1000;

/**
 * Reads the tables of connected sockets on some ports. Once sockets have been found in one address family, the other is
 * read once a second only; until then both are.
 */
export class SocketReader {
  readonly #session: NetlinkSession;
  readonly #ports: PortFilter;
  readonly #emptySinceMonoMs = new Map<IpFamily, number>();

  constructor(session: NetlinkSession, ports: PortFilter) {
    this.#session = session;
    this.#ports = ports;
  }

  read(atMonoMs: number): SocketTables {
    const tcp: TcpSocketRow[] = [];
    const mptcp: MptcpSocketRow[] = [];
    const due = families.filter((family) => this.#isDue(family, atMonoMs));
    for (const family of due) {
      const query = { family, states: connectedStates, ...this.#ports };
      // MPTCP first: a subflow that appears between the two is then at worst seen without its connection, never missed.
      const found = [
        readSockets(this.#session, { ...query, protocol: 'mptcp' }),
        readSockets(this.#session, { ...query, protocol: 'tcp' }),
      ] as const;
      mptcp.push(...found[0]);
      tcp.push(...found[1]);
      if (found[1].length > 0) this.#emptySinceMonoMs.delete(family);
      else this.#emptySinceMonoMs.set(family, atMonoMs);
    }
    return { tcp, mptcp };
  }

  #isDue(family: IpFamily, atMonoMs: number): boolean {
    const emptySince = this.#emptySinceMonoMs.get(family);
    const foundElsewhere = this.#emptySinceMonoMs.size < families.length;
    return emptySince === undefined || !foundElsewhere || atMonoMs - emptySince >= emptyFamilyEveryMs;
  }
}
