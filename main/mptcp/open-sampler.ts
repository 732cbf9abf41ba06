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
export function openMigrationSampler(options: SamplerOptions): MigrationSampler {
  return new MigrationSampler(options);
}

export class MigrationSampler implements Disposable {
  readonly #options: SamplerOptions;
  readonly #resources = new DisposableStack();
  readonly #sockets: SocketReader;
  readonly #interfaces: InterfaceNames;
  readonly #owned: ProcessSockets;
  readonly #destroyed: DestroyedSockets | undefined;
  readonly #closed: ClosedSubflows | undefined;
  readonly #sampler = new TransportSampler();
  #connections: readonly Connection[] = [];
  #counters: MptcpCounters = {};
  #countersAtMonoMs = Number.NEGATIVE_INFINITY;

  constructor(options: SamplerOptions) {
    this.#options = options;
    try {
      const open = (protocol: 'sock-diag' | 'route') =>
        this.#resources.use(openNetlinkSession(protocol, options.namespace));
      this.#sockets = new SocketReader(open('sock-diag'), options);
      this.#interfaces = new InterfaceNames(open('route'));
      this.#owned = new ProcessSockets(options.pid);
      this.#destroyed = this.#resources.use(DestroyedSockets.open(options.namespace));
      this.#closed = this.#resources.use(watchClosedSubflows(options.namespace));
    } catch (error) {
      this.#resources.dispose();
      throw error;
    }
  }

  sample(): Sample {
    const clock = this.#options.clock ?? systemClock;
    const atMonoMs = clock.monoMs();
    const atEpochMs = clock.epochMs();
    const tables = this.#sockets.read(atMonoMs);
    this.#owned.refresh([...tables.mptcp, ...tables.tcp], atMonoMs);
    this.#connections = groupConnections(tables, (row) => this.#owned.has(row));
    if (this.#countersAreDue(atMonoMs)) this.#counters = this.#readCounters(atMonoMs);
    const transport = this.#sampler.sample({
      atMonoMs,
      connections: this.#connections,
      // After the tables: a socket that is destroyed in between is then in both, never in neither.
      destroyed: this.#destroyed?.drain() ?? [],
      interfaceOf: (row) => this.#interfaces.of(row, atMonoMs),
      staleCount: staleCountIn(this.#counters),
    });
    return { atMonoMs, atEpochMs, ...transport };
  }

  troubles(): SubflowTroubles {
    return subflowTroubles(this.#connections, this.#closed);
  }

  /** The connections of the last sample with all the kernel told, joins that nobody has answered included. */
  get connections(): readonly Connection[] {
    return this.#connections;
  }

  /** MPTcpExt of the process' namespace, at most a second old; stays as it was once the process has gone. */
  get counters(): MptcpCounters {
    return this.#counters;
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
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
