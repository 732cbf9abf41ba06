import type { z } from 'zod';
import type { BitsPerSecond } from '#contract/units.ts';
import { showQdiscs, type NamespaceName, type qdiscSchema } from './iproute2.ts';

/**
 * The rate that a token bucket gives each interface of a host. It is the capacity of the link wherever there is one: a
 * veth pair says 10000 Mbit/s in /sys/class/net whatever it carries.
 */
export async function shapedRates(namespace?: NamespaceName): Promise<Map<string, BitsPerSecond>> {
  return ratesOf(await showQdiscs(namespace));
}

export function ratesOf(qdiscs: readonly z.infer<typeof qdiscSchema>[]): Map<string, BitsPerSecond> {
  return new Map(
    qdiscs.flatMap(({ kind, dev, root, options }) =>
      kind === 'tbf' && root && options?.rate !== undefined ? [[dev, options.rate * 8] as const] : [],
    ),
  );
}
