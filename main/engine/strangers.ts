import type { JournalEventOf, Plan } from '#contract/migration.ts';
import type { SocketName } from './ports.ts';

/** So many addresses are named; of more, a flood leaves nothing in the journal but its size. */
const namedAddresses = 8;

/**
 * Connections to the migration port that are not the source's, as facts for the journal: each address once, up to a limit,
 * and then the count whenever it has grown tenfold. So a flood of any length costs a dozen entries.
 */
export class Strangers {
  readonly #plan: Plan;
  readonly #turnedAway: boolean;
  readonly #named = new Set<string>();
  #connections = 0;

  /** `turnedAway`: by a listener of ours. QEMU's own takes the first connection for the source's. */
  constructor(plan: Plan, { turnedAway }: { readonly turnedAway: boolean }) {
    this.#plan = plan;
    this.#turnedAway = turnedAway;
  }

  /** One more connection; answers with what is worth writing down of it. */
  seen({ address }: SocketName, port: number): JournalEventOf<'stranger-connected'> | undefined {
    this.#connections += 1;
    const isNew = !this.#named.has(address) && this.#named.size < namedAddresses;
    if (isNew) this.#named.add(address);
    else if (!isPowerOfTen(this.#connections)) return undefined;
    const host = hostWith(this.#plan, address);
    return {
      kind: 'stranger-connected',
      address,
      ...(host === undefined ? {} : { host }),
      port,
      connections: this.#connections,
      turnedAway: this.#turnedAway,
    };
  }
}

/** Whether this is an address of the source, which its subflows may come from. */
export function isOfSource({ source }: Pick<Plan, 'source'>, address: string): boolean {
  return source.interfaces.some(({ addresses }) => addresses.some((each) => each.address === address));
}

/** The name of one of the two hosts is easier to recognise than an address. */
function hostWith({ source, destination }: Plan, address: string): string | undefined {
  return [source, destination].find((host) => isOfSource({ source: host }, address))?.id;
}

function isPowerOfTen(count: number): boolean {
  return /^10+$/.test(String(count));
}
