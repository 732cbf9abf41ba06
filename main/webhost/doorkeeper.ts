import type { Milliseconds } from '#contract/units.ts';
import type { ConnectionOwners } from '#main/app/connection-owners.ts';

/** A connection, as far as it is looked at here. */
export interface Knocking {
  readonly destroyed: boolean;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  once(name: 'close', listener: () => void): unknown;
  resetAndDestroy(): unknown;
}

export interface DoorkeeperOptions {
  /** Absent where the far ends cannot be seen: then a session alone is enough. */
  readonly owners: Pick<ConnectionOwners, 'ownerOf'> | undefined;
  /** Whose processes may connect. */
  readonly welcome: ReadonlySet<number>;
  readonly log: (line: string) => void;
  readonly monoMs: () => Milliseconds;
  readonly mostConnections?: number;
  readonly mostOfOneOwner?: number;
}

/** A stranger that knocks without end is logged once in this time. */
const logEveryMs: Milliseconds = 60_000;
/** Strangers whose knocking is remembered. */
const mostRemembered = 64;

/**
 * Says who may come in, before a byte of what they send is read. A connection whose owner is not known is not let in: the
 * one that was not meant to be seen would be among those.
 */
export class Doorkeeper {
  readonly #options: Required<DoorkeeperOptions>;
  /** Those inside, by their owner. */
  readonly #inside = new Map<Knocking, number>();
  readonly #loggedAtMonoMs = new Map<string, Milliseconds>();

  constructor(options: DoorkeeperOptions) {
    this.#options = { mostConnections: 256, mostOfOneOwner: 128, ...options };
  }

  /** Whether the connection may stay. One that may not has been closed. */
  async admits(socket: Knocking): Promise<boolean> {
    const owner = await this.#ownerOf(socket);
    const refusal = this.#refusalOf(owner);
    if (socket.destroyed) return false;
    if (refusal !== undefined) {
      this.#log(refusal);
      // Not a word, and no lingering: it costs a stranger more than us.
      socket.resetAndDestroy();
      return false;
    }
    this.#inside.set(socket, owner ?? -1);
    socket.once('close', () => this.#inside.delete(socket));
    return true;
  }

  async #ownerOf({ remoteAddress, remotePort, localAddress, localPort }: Knocking): Promise<number | undefined> {
    const { owners } = this.#options;
    if (!owners || !remoteAddress || !localAddress || remotePort === undefined || localPort === undefined) return;
    try {
      return await owners.ownerOf(
        { address: remoteAddress, port: remotePort },
        { address: localAddress, port: localPort },
      );
    } catch (thrown) {
      this.#log(`whose process connects could not be found out: ${String(thrown)}`);
      return undefined;
    }
  }

  #refusalOf(owner: number | undefined): string | undefined {
    const { owners, welcome, mostConnections, mostOfOneOwner } = this.#options;
    if (owners && owner === undefined) return 'a connection whose owner is not known was turned away';
    if (owner !== undefined && !welcome.has(owner)) return `a process of user ${owner} was turned away`;
    const ofOwner = [...this.#inside.values()].filter((each) => each === (owner ?? -1)).length;
    if (this.#inside.size >= mostConnections || ofOwner >= mostOfOneOwner)
      return 'too many connections: one was turned away';
    return undefined;
  }

  #log(line: string): void {
    const { log, monoMs } = this.#options;
    const now = monoMs();
    const last = this.#loggedAtMonoMs.get(line);
    if (last !== undefined && now - last < logEveryMs) return;
    this.#loggedAtMonoMs.delete(line);
    this.#loggedAtMonoMs.set(line, now);
    for (const oldest of this.#loggedAtMonoMs.keys()) {
      if (this.#loggedAtMonoMs.size <= mostRemembered) break;
      this.#loggedAtMonoMs.delete(oldest);
    }
    log(line);
  }
}
