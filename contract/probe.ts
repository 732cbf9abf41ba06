import { z } from 'zod';
import { nameSchema } from './host.ts';

/**
 * What answered at the far end of a pair. `answered`: the destination's own listener. `refused`: an error came back at once,
 * `unanswered`: nothing did, `unreachable`: there is no way there, `stranger`: something else than the destination answers
 * at that address, `not-asked`: the source has no such address any more.
 */
export const probeReachSchema = z.enum(['answered', 'refused', 'unanswered', 'unreachable', 'stranger', 'not-asked']);
export type ProbeReach = z.infer<typeof probeReachSchema>;

/** One thing that the probe found wrong with a pair, and where there is one, the command that fixes it. */
export const probeProblemSchema = z.object({ text: z.string(), command: z.string().exactOptional() });
export type ProbeProblem = z.infer<typeof probeProblemSchema>;

/** What a probe found out about one pair of interfaces. Absent members were not found out. */
export const pathProbeSchema = z.object({
  /** When it was measured, by the clock of this machine. */
  atEpochMs: z.number(),
  reach: probeReachSchema,
  /**
   * What became of a connection over this pair alone that asked for MPTCP: `tcp` where something on the way removes the option,
   * `dropped` where packets with it do not get through. Absent where it did not ask.
   */
  protocol: z.enum(['mptcp', 'tcp', 'dropped']).exactOptional(),
  /** It carried a subflow of one connection over all pairs, or began it. */
  joined: z.boolean(),
  /** The shortest round trip seen, before the links were filled. */
  rttMs: z.number().exactOptional(),
  /** What the kernel of the source takes for the largest packet that gets through (tcpi_pmtu). */
  pathMtuBytes: z.number().int().exactOptional(),
  /** Packets of full size: `lost` where small ones pass and those do not. */
  fullSizePackets: z.enum(['pass', 'lost']).exactOptional(),
  /** What it carried of a connection's own bytes while all pairs were filled at once. */
  capacityBitsPerSecond: z.number().exactOptional(),
  /** The sender or the receiver was the limit: the pair carries this much, or more. */
  capacityIsLeast: z.literal(true).exactOptional(),
  /** Interfaces of the source whose pairs seem to share a port or a link with this one: together they carry what one carries alone. */
  sharesWith: z.array(nameSchema).exactOptional(),
  problems: z.array(probeProblemSchema),
  /** Why it is shown and not used: it is too old, or an interface has changed since. Never stored. */
  stale: z.enum(['old', 'changed']).exactOptional(),
});
export type PathProbe = z.infer<typeof pathProbeSchema>;

/** What counts now of what is known of a path: a stale result is shown and not used. */
export function freshProbe({ probe }: { readonly probe?: PathProbe }): PathProbe | undefined {
  return probe?.stale === undefined ? probe : undefined;
}

/** What a pair was when it was probed: a result counts for this very pair. */
export const probedPairSchema = z.object({
  sourceInterface: nameSchema,
  sourceAddress: z.string().max(64),
  destinationInterface: nameSchema,
  destinationAddress: z.string().max(64),
  /** Of both ends: the kernel's number of the interface, its MTU and its speed. */
  ends: z.array(
    z.object({ index: z.number().int(), mtu: z.number().int(), speedBitsPerSecond: z.number().exactOptional() }),
  ),
});
export type ProbedPair = z.infer<typeof probedPairSchema>;

/** What is kept of the probes between two hosts, in this direction. */
export const keptProbesSchema = z.object({
  version: z.literal(1),
  source: nameSchema,
  destination: nameSchema,
  pairs: z.array(z.object({ pair: probedPairSchema, probe: pathProbeSchema })).max(256),
});
export type KeptProbes = z.infer<typeof keptProbesSchema>;

/** When the pairs are probed: `auto` where nothing recent is known of them. */
export const probeWishSchema = z.enum(['auto', 'always', 'never']);
export type ProbeWish = z.infer<typeof probeWishSchema>;
