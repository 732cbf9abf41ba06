import type { IpFamily } from '#native/netlink/ip-family.ts';
import type { PortFilter } from '#native/netlink/port-filter.ts';
import type { NetlinkSession } from '#native/netlink/session.ts';
import { type MptcpSocketRow, readSockets, type TcpSocketRow } from '#native/netlink/socket-table.ts';
import { connectedStates } from '#native/netlink/tcp-state.ts';

export interface SocketTables {
  readonly tcp: readonly TcpSocketRow[];
  readonly mptcp: readonly MptcpSocketRow[];
}

const families: readonly IpFamily[] = ['ipv4', 'ipv6'];
/** What is unlikely to find anything is tried this often: each dump makes the kernel walk a whole table. */
const unlikelyEveryMs = 1000;

/**
 * Reads the connected sockets on some ports. Once some have been found in one address family, the other is read only once
 * a second. An endpoint that announces a port of its own draws subflows to that port: when a connection counts more
 * subflows than these ports show, all ports are read once to learn which.
 */
export class SocketReader {
  readonly #session: NetlinkSession;
  readonly #emptySinceMonoMs = new Map<IpFamily, number>();
  #ports: PortFilter;
  #allPortsAtMonoMs = Number.NEGATIVE_INFINITY;

  constructor(session: NetlinkSession, ports: PortFilter) {
    this.#session = session;
    this.#ports = ports;
  }

  async read(atMonoMs: number): Promise<SocketTables> {
    const mptcp: MptcpSocketRow[] = [];
    const tcp: TcpSocketRow[] = [];
    const due = families.filter((family) => this.#isDue(family, atMonoMs));
    for (const family of due) {
      const query = { family, states: connectedStates, ...this.#ports };
      // MPTCP first: a subflow that appears between the two is then at worst seen before its connection counts it.
      mptcp.push(...(await readSockets(this.#session, { ...query, protocol: 'mptcp' })));
      const rows = await readSockets(this.#session, { ...query, protocol: 'tcp' });
      tcp.push(...rows);
      if (rows.length > 0) this.#emptySinceMonoMs.delete(family);
      else this.#emptySinceMonoMs.set(family, atMonoMs);
    }
    const elsewhere = await this.#subflowsElsewhere({ tcp, mptcp }, atMonoMs);
    return { tcp: [...tcp, ...elsewhere], mptcp };
  }

  #isDue(family: IpFamily, atMonoMs: number): boolean {
    const emptySince = this.#emptySinceMonoMs.get(family);
    const foundElsewhere = this.#emptySinceMonoMs.size < families.length;
    return emptySince === undefined || !foundElsewhere || atMonoMs - emptySince >= unlikelyEveryMs;
  }

  async #subflowsElsewhere(tables: SocketTables, atMonoMs: number): Promise<TcpSocketRow[]> {
    const incomplete = tokensWithMissingSubflows(tables);
    if (incomplete.size === 0 || atMonoMs - this.#allPortsAtMonoMs < unlikelyEveryMs) return [];
    this.#allPortsAtMonoMs = atMonoMs;
    const seen = new Set(tables.tcp.map(({ cookie }) => cookie));
    const query = { states: connectedStates, protocol: 'tcp' } as const;
    const all = await Promise.all(families.map((family) => readSockets(this.#session, { ...query, family })));
    const missing = all
      .flat()
      .filter(({ subflow, cookie }) => incomplete.has(subflow?.token ?? 0) && !seen.has(cookie));
    this.#ports = withPortsOf(this.#ports, missing);
    return missing;
  }
}

function tokensWithMissingSubflows({ tcp, mptcp }: SocketTables): Set<number> {
  const shown = new Map<number, number>();
  for (const { subflow } of tcp) if (subflow) shown.set(subflow.token, (shown.get(subflow.token) ?? 0) + 1);
  const incomplete = mptcp.filter(({ info }) => {
    if (info === undefined || info.token === 0 || info.hasFallenBack) return false;
    return (info.subflows ?? info.extraSubflows + 1) > (shown.get(info.token) ?? 0);
  });
  return new Set(incomplete.map(({ info }) => info?.token ?? 0));
}

/** On the connecting side the peer's port decides, on the accepting side its own. */
function withPortsOf({ localPorts, remotePorts }: PortFilter, rows: readonly TcpSocketRow[]): PortFilter {
  const more = (ports: readonly number[] | undefined, found: readonly number[]): number[] =>
    (ports ?? []).length === 0 ? [] : [...new Set([...(ports ?? []), ...found])];
  return {
    localPorts: more(
      localPorts,
      rows.map(({ localPort }) => localPort),
    ),
    remotePorts: more(
      remotePorts,
      rows.map(({ remotePort }) => remotePort),
    ),
  };
}
