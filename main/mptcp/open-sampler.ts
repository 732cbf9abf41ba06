import { readFileSync } from 'node:fs';
import type { Sample } from '#contract/telemetry.ts';
import type { SubflowTroubles } from '#main/engine/ports.ts';
import type { PortFilter } from '#native/netlink/port-filter.ts';
import type { NetworkNamespaceRef } from '#native/network-namespace.ts';
import { DestroyedSockets } from '#native/netlink/destroyed-sockets.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { watchClosedSubflows, type ClosedSubflows } from './closed-subflows.ts';
import { groupConnections, type Connection } from './connections.ts';
import { parseMptcpCounters, type MptcpCounters } from './counters.ts';
import { InterfaceNames } from './interface-names.ts';
import { ProcessSockets } from './process-sockets.ts';
import { TransportSampler } from './sampler.ts';
import { SocketReader } from './socket-reader.ts';
import { subflowTroubles } from './troubles.ts';

export interface SamplerOptions extends PortFilter {
  readonly pid: number;
  /** Where the process' sockets are; this process' own namespace when absent. */
  readonly namespace?: NetworkNamespaceRef | undefined;
  readonly clock?: { monoMs(): number; epochMs(): number };
}

/** The kernel adds the counters up over all processors: dearer than the socket tables, and rarely of interest. */
const countersEveryMs = 1000;

const systemClock = { monoMs: () => performance.now(), epochMs: () => Date.now() };

/**
 * Samples the connections that a process holds to (or from) some ports: one with a plain migration, more with parallel
 * connections or storage. On the source give the destination's port in `remotePorts`.
 */
export function openMigrationSampler(options: SamplerOptions): Promise<MigrationSampler> {
  return MigrationSampler.open(options);
}

interface Sources {
  readonly sockets: SocketReader;
  readonly interfaces: InterfaceNames;
  readonly destroyed: DestroyedSockets | undefined;
  readonly closed: ClosedSubflows | undefined;
  readonly resources: DisposableStack;
}

export class MigrationSampler implements Disposable {
  readonly #options: SamplerOptions;
  readonly #sources: Sources;
  readonly #owned: ProcessSockets;
  readonly #sampler = new TransportSampler();
  #connections: readonly Connection[] = [];
  #counters: MptcpCounters = {};
  #countersAtMonoMs = Number.NEGATIVE_INFINITY;

  private constructor(options: SamplerOptions, sources: Sources) {
    this.#options = options;
    this.#sources = sources;
    this.#owned = new ProcessSockets(options.pid);
  }

  static async open(options: SamplerOptions): Promise<MigrationSampler> {
    const { namespace } = options;
    using resources = new DisposableStack();
    const open = (protocol: 'sock-diag' | 'route') => resources.use(openNetlinkSession(protocol, namespace));
    const sockets = new SocketReader(open('sock-diag'), options);
    const interfaces = new InterfaceNames(open('route'));
    const destroyed = resources.use(DestroyedSockets.open(namespace));
    const closed = resources.use(await watchClosedSubflows(namespace));
    return new MigrationSampler(options, { sockets, interfaces, destroyed, closed, resources: resources.move() });
  }

  async sample(): Promise<Sample> {
    const clock = this.#options.clock ?? systemClock;
    const atMonoMs = clock.monoMs();
    const atEpochMs = clock.epochMs();
    const { sockets, interfaces, destroyed } = this.#sources;
    const tables = await sockets.read(atMonoMs);
    await this.#owned.refresh([...tables.mptcp, ...tables.tcp], atMonoMs);
    this.#connections = groupConnections(tables, (row) => this.#owned.has(row));
    if (this.#countersAreDue(atMonoMs)) this.#counters = this.#readCounters(atMonoMs);
    // After the tables: a socket that is destroyed in between is then in both, never in neither.
    const farewells = destroyed?.drain() ?? [];
    await interfaces.refresh(
      this.#connections.flatMap(({ subflows }) => subflows),
      atMonoMs,
    );
    const transport = this.#sampler.sample({
      atMonoMs,
      connections: this.#connections,
      destroyed: farewells,
      interfaceOf: (row) => interfaces.of(row),
      staleCount: staleCountIn(this.#counters),
    });
    return { atMonoMs, atEpochMs, ...transport };
  }

  troubles(): SubflowTroubles {
    return subflowTroubles(this.#connections, this.#sources.closed);
  }

  /** The connections of the last sample with all the kernel reported, joins without an answer included. */
  get connections(): readonly Connection[] {
    return this.#connections;
  }

  /** MPTcpExt of the process' namespace, at most a second old; stays as it was once the process has gone. */
  get counters(): MptcpCounters {
    return this.#counters;
  }

  [Symbol.dispose](): void {
    this.#sources.resources.dispose();
  }

  /** While a subflow is in trouble each sample wants to know whether the kernel has given up on it. */
  #countersAreDue(atMonoMs: number): boolean {
    const inTrouble = this.#connections.some(({ subflows }) =>
      subflows.some((row) => (row.info?.consecutiveTimeouts ?? 0) > 0),
    );
    return inTrouble || atMonoMs - this.#countersAtMonoMs >= countersEveryMs;
  }

  #readCounters(atMonoMs: number): MptcpCounters {
    this.#countersAtMonoMs = atMonoMs;
    try {
      return parseMptcpCounters(readFileSync(`/proc/${this.#options.pid}/net/netstat`, 'utf8'));
    } catch {
      return this.#counters;
    }
  }
}

function staleCountIn(counters: MptcpCounters): number | undefined {
  const { SubflowStale: stale, SubflowRecover: recovered } = counters;
  return stale === undefined ? undefined : stale - (recovered ?? 0);
}
