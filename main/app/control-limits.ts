import type { Bytes, Milliseconds } from '#contract/units.ts';

/** What one manager spends on the clients of its control socket, independent of what they send. */
export const controlLimits = {
  /** A request is a few names and numbers. */
  requestBytes: 64 * 1024,
  /** From the connection to the end of its request. */
  requestPatienceMs: 5000,
  connections: 128,
  /** Of one process, so that one that leaks them leaves room for `switchyard cancel`. */
  connectionsPerProcess: 48,
  /** A follower that has not read this much gets no samples: the next one supersedes them. */
  unreadBytesForSamples: 1 << 20,
  /** Entries must not be lost, and must not gather for ever: beyond this it is cut off, and reads the journal instead. */
  unreadBytes: 4 << 20,
  /** What was said arrives in this time, or its reader hangs. */
  farewellMs: 1000,
} as const satisfies Readonly<Record<string, Bytes | Milliseconds | number>>;

export type ControlLimits = { readonly [Name in keyof typeof controlLimits]: number };
