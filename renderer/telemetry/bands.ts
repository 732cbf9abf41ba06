import type { SubflowSample } from '#contract/telemetry.ts';

/**
 * One layer of the stacked chart and one row of the subflow table: a connection on a path. A subflow that is lost and
 * joined again gets a new id from the kernel; on the same path it stays the same band.
 */
export interface Band {
  /** Position in the stack and in the columns. */
  readonly index: number;
  /** Position of its path among all paths: what gives it its colour. */
  readonly pathIndex: number;
  readonly interface: string;
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** 1 for the first connection, 2 and more with parallel connections. */
  readonly connection: number;
}

/** Remembers every band of a run in the order in which they appeared. */
export class BandDirectory {
  readonly #bands = new Map<string, Band>();
  readonly #paths: string[] = [];
  readonly #connections: string[] = [];

  get all(): readonly Band[] {
    return [...this.#bands.values()];
  }

  get connectionCount(): number {
    return this.#connections.length;
  }

  bandOf(subflow: SubflowSample): Band {
    const connection = subflow.id.slice(0, subflow.id.lastIndexOf('/'));
    const path = `${subflow.localAddress} ${subflow.remoteAddress}`;
    const key = `${connection} ${path}`;
    const known = this.#bands.get(key);
    if (known) return known;
    const band: Band = {
      index: this.#bands.size,
      pathIndex: positionIn(this.#paths, path),
      interface: subflow.interface ?? subflow.localAddress,
      localAddress: subflow.localAddress,
      remoteAddress: subflow.remoteAddress,
      connection: positionIn(this.#connections, connection) + 1,
    };
    this.#bands.set(key, band);
    return band;
  }

  /** The interface, and which connection where there are several: `eth1`, `eth1 · 3`. */
  nameOf(band: Band): string {
    return this.connectionCount > 1 ? `${band.interface} · ${band.connection}` : band.interface;
  }
}

function positionIn(list: string[], item: string): number {
  const position = list.indexOf(item);
  return position === -1 ? list.push(item) - 1 : position;
}
