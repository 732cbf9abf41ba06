import type { Attributes } from './attributes.ts';

/** MPTCP_SUBFLOW_FLAG_* (include/uapi/linux/mptcp.h), from bit 0; `Remote` is what the peer did or asked for. */
const flagNames = [
  'capableRemote',
  'capableLocal',
  'joinRemote',
  'joinLocal',
  'backupRemote',
  'backupLocal',
  'fullyEstablished',
  'connected',
  'mapValid',
] as const;

export type SubflowFlag = (typeof flagNames)[number];

/** What the kernel reports about one TCP socket as a subflow (MPTCP_SUBFLOW_ATTR_*). */
export interface SubflowUlp {
  /** Token of the MPTCP connection it belongs to, as this host numbers it. */
  readonly token: number;
  /** Token at the peer; 0 on an initial subflow and on every subflow of the accepting side. */
  readonly remoteToken: number;
  /** Address ids: of the endpoints at both ends. They are given again to other addresses later. */
  readonly localAddressId: number;
  readonly remoteAddressId: number;
  readonly flags: ReadonlySet<SubflowFlag>;
}

/** Reads INET_ULP_INFO_MPTCP; absent members are 0. */
export function decodeSubflowUlp(attributes: Attributes): SubflowUlp {
  return {
    token: attributes.u32(2) ?? 0,
    remoteToken: attributes.u32(1) ?? 0,
    localAddressId: attributes.u8(10) ?? 0,
    remoteAddressId: attributes.u8(9) ?? 0,
    flags: flagsOf(attributes.u32(8) ?? 0),
  };
}

/** A handful of combinations occur, and each reading of the table shows every subflow's again. */
const knownFlags = new Map<number, ReadonlySet<SubflowFlag>>();

function flagsOf(bits: number): ReadonlySet<SubflowFlag> {
  const named = bits & ((1 << flagNames.length) - 1);
  const known = knownFlags.get(named) ?? new Set(flagNames.filter((_, bit) => (named & (1 << bit)) !== 0));
  knownFlags.set(named, known);
  return known;
}
