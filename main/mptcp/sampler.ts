import type { Sample, SubflowSample } from '#contract/telemetry.ts';
import type { TcpSocketRow } from '#native/netlink/socket-table.ts';
import { ConnectionCounter, type CarriedBySubflows } from './connection-counter.ts';
import type { Connection } from './connections.ts';
import { byAge, emptySample, payloadAcked, totalsOf } from './subflow-counters.ts';
import { firstHealth, isFailing, longestSilent, nextHealth, stateOf, type SubflowHealth } from './subflow-health.ts';

/** One reading, put together from the socket tables. */
export interface TransportReading {
  readonly atMonoMs: number;
  readonly connections: readonly Connection[];
  /** TCP sockets that ceased to exist since the reading before, with their last counters. */
  readonly destroyed: readonly TcpSocketRow[];
  /** Name of the interface that a subflow uses; `undefined` when its address belongs to none any more. */
  readonly interfaceOf: (row: TcpSocketRow) => string | undefined;
  /** How many subflows of this namespace the kernel has declared stale and not taken back; `undefined` where not known. */
  readonly staleCount: number | undefined;
}

export type TransportSample = Pick<Sample, 'connections' | 'subflows' | 'throughputBitsPerSecond'>;

interface Subflow {
  readonly connection: string;
  sample: SubflowSample;
  health: SubflowHealth;
  row: TcpSocketRow;
  deltaBytes: number;
}

/**
 * Turns readings into samples. Keeps what a single reading cannot tell: rates, the last totals of subflows that closed,
 * and which subflow is which: they are numbered 1, 2, 3, ... within their connection as they appear, and no number is
 * given twice. Only subflows that were established once are counted; joins under way have no number yet.
 */
export class TransportSampler {
  readonly #subflows = new Map<bigint, Subflow>();
  readonly #numbersGiven = new Map<string, number>();
  readonly #connections = new Map<string, ConnectionCounter>();
  #previousAtMonoMs: number | undefined;
  /** Part of the kernel's count that is none of ours: from before the first reading, or of subflows closed while stale. */
  #staleElsewhere: number | undefined;

  sample(reading: TransportReading): TransportSample {
    const present = new Set<bigint>();
    for (const connection of reading.connections) {
      for (const row of byAge(connection.subflows)) {
        if (isBeingMade(row)) continue;
        present.add(row.cookie);
        this.#observe(connection, row, reading);
      }
    }
    this.#close(present, reading);
    this.#markStale(reading);
    this.#countConnections(reading.connections);
    return this.#report(reading);
  }

  #observe(connection: Connection, row: TcpSocketRow, reading: TransportReading): void {
    const known = this.#subflows.get(row.cookie);
    const bytesSent = payloadAcked(row);
    if (known) {
      known.deltaBytes = Math.max(0, bytesSent - known.sample.bytesSent);
      known.health = nextHealth(known.health, row, reading.atMonoMs);
      known.row = row;
      known.sample = { ...totalsOf(known.sample, row, reading.interfaceOf(row)), state: 'active' };
      return;
    }
    const number = (this.#numbersGiven.get(connection.id) ?? 0) + 1;
    this.#numbersGiven.set(connection.id, number);
    const id = connection.id.startsWith('tcp-') ? `${connection.id}/0` : `${connection.id}/${number}`;
    this.#subflows.set(row.cookie, {
      connection: connection.id,
      sample: totalsOf(emptySample(id, row), row, reading.interfaceOf(row)),
      health: firstHealth(row, reading.atMonoMs),
      row,
      // Born since the reading before: all it has carried was carried in between. In the very first reading that is unknown.
      deltaBytes: this.#previousAtMonoMs === undefined ? 0 : bytesSent,
    });
  }

  /** What was not seen this time has closed; the kernel's farewell, where it came, completes its totals. */
  #close(present: ReadonlySet<bigint>, reading: TransportReading): void {
    const farewells = new Map(reading.destroyed.map((row) => [row.cookie, row]));
    for (const [cookie, subflow] of this.#subflows) {
      if (present.has(cookie)) continue;
      const farewell = farewells.get(cookie);
      const before = subflow.sample.bytesSent;
      // A socket that was reset before it was freed says goodbye with empty counters.
      if (farewell && payloadAcked(farewell) >= before) subflow.sample = totalsOf(subflow.sample, farewell, undefined);
      subflow.deltaBytes = subflow.sample.bytesSent - before;
      // The kernel counts recoveries, not ends: this one stays in its count for good.
      if (subflow.health.stale) {
        this.#staleElsewhere = (this.#staleElsewhere ?? 0) + 1;
        subflow.health = { ...subflow.health, stale: false };
      }
      subflow.sample = { ...subflow.sample, state: 'closed', unsentBytes: 0 };
    }
  }

  /**
   * The kernel counts stale subflows and does not say which: it means those that have been silent for longest. Its count
   * may rise before a subflow is seen to fail, so what it exceeds ours by is still to be found.
   */
  #markStale({ atMonoMs, staleCount }: TransportReading): void {
    if (staleCount === undefined) return;
    this.#staleElsewhere ??= staleCount;
    const living = [...this.#subflows].filter(([, { sample }]) => sample.state !== 'closed');
    const known = living.filter(([, { health }]) => health.stale).length;
    const failing = living.filter(([, { health, row }]) => isFailing(health, row, atMonoMs));
    const silent = new Map(failing.map(([cookie, { health }]) => [cookie, health]));
    for (const cookie of longestSilent(silent, staleCount - this.#staleElsewhere - known)) {
      const subflow = this.#subflows.get(cookie);
      if (subflow) subflow.health = { ...subflow.health, stale: true };
    }
  }

  #countConnections(connections: readonly Connection[]): void {
    const present = new Map(connections.map((connection) => [connection.id, connection]));
    for (const connection of connections) {
      if (!this.#connections.has(connection.id) && isMade(connection)) {
        this.#connections.set(connection.id, new ConnectionCounter(connection));
      }
    }
    const carried = this.#carriedByConnection();
    for (const [id, counter] of this.#connections) {
      counter.observe(present.get(id), carried.get(id) ?? { bytes: 0, bytesOfClosed: 0, anyIsOpen: false });
    }
  }

  #carriedByConnection(): ReadonlyMap<string, CarriedBySubflows> {
    const all = new Map<string, CarriedBySubflows>();
    for (const { connection, sample } of this.#subflows.values()) {
      const { bytes, bytesOfClosed, anyIsOpen } = all.get(connection) ?? {
        bytes: 0,
        bytesOfClosed: 0,
        anyIsOpen: false,
      };
      const isClosed = sample.state === 'closed';
      all.set(connection, {
        bytes: bytes + sample.bytesSent,
        bytesOfClosed: bytesOfClosed + (isClosed ? sample.bytesSent : 0),
        anyIsOpen: anyIsOpen || !isClosed,
      });
    }
    return all;
  }

  #report({ atMonoMs }: TransportReading): TransportSample {
    const elapsedMs = atMonoMs - (this.#previousAtMonoMs ?? atMonoMs);
    this.#previousAtMonoMs = atMonoMs;
    const total = [...this.#subflows.values()].reduce((sum, { deltaBytes }) => sum + deltaBytes, 0);
    const rateOf = (bytes: number): number => (elapsedMs > 0 ? (bytes * 8 * 1000) / elapsedMs : 0);
    for (const subflow of this.#subflows.values()) {
      const { sample, health, row, deltaBytes } = subflow;
      subflow.sample = {
        ...sample,
        state: sample.state === 'closed' ? 'closed' : stateOf(health, row, atMonoMs),
        throughputBitsPerSecond: rateOf(deltaBytes),
        shareFraction: total > 0 ? deltaBytes / total : 0,
      };
    }
    return {
      connections: Array.from(this.#connections.values(), ({ sample }) => sample),
      subflows: Array.from(this.#subflows.values(), ({ sample }) => sample),
      throughputBitsPerSecond: rateOf(total),
    };
  }
}

/** Not before the peer has answered: what is only asked for has negotiated nothing. */
function isMade({ socket, subflows }: Connection): boolean {
  return socket ? !isBeingMade(socket) : subflows.some((row) => !isBeingMade(row));
}

function isBeingMade({ state }: Pick<TcpSocketRow, 'state'>): boolean {
  return state === 'syn-sent' || state === 'syn-received';
}
