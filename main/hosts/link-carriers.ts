import type { LinkChange } from '#main/engine/ports.ts';

/**
 * Which links have a carrier, from a list that is asked for and from changes that come by themselves. A change that arrives
 * while a list is on its way may be newer than the list, so it is kept until then.
 */
export class LinkCarriers {
  readonly #listener: (change: LinkChange) => void;
  readonly #carriers = new Map<string, boolean>();
  /** Changes since the last list was asked for, while one is on its way. */
  #kept: LinkChange[] = [];
  #listings = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** `listener` gets each change, and first every link that is down. */
  constructor(listener: (change: LinkChange) => void) {
    this.#listener = listener;
  }

  changed(change: LinkChange): void {
    if (this.#listings > 0) this.#kept.push(change);
    else this.#note(change);
  }

  /**
   * Call it once changes are listened for, and again when some were lost: those from before that are still kept are then worth
   * less than the new list. Rejects as `read` does; what is known stays as it was.
   */
  list(read: () => Promise<readonly LinkChange[]>): Promise<void> {
    this.#kept = [];
    this.#listings += 1;
    const turn = this.#turn.then(() => this.#list(read));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #list(read: () => Promise<readonly LinkChange[]>): Promise<void> {
    try {
      const links = await read();
      const names = new Set(links.map((link) => link.interface));
      for (const link of links) this.#note(link);
      for (const name of this.#carriers.keys()) if (!names.has(name)) this.#note({ interface: name, carrier: false });
    } finally {
      this.#listings -= 1;
      if (this.#listings === 0) for (const change of this.#kept.splice(0)) this.#note(change);
    }
  }

  #note(change: LinkChange): void {
    const before = this.#carriers.get(change.interface) ?? true;
    this.#carriers.set(change.interface, change.carrier);
    if (before !== change.carrier) this.#listener(change);
  }
}
