import type { HostFacts } from '#contract/host.ts';
import type { Path, Side } from '#contract/migration.ts';
import type { SubflowState } from '#contract/telemetry.ts';
import type { ClosedSubflow, SubflowEnds } from '#main/engine/ports.ts';
import type { MptcpCounters } from '#main/mptcp/counters.ts';

/** What one host says: its facts now, and which MPTcpExt counters moved since before the connection was made. */
export interface SideEvidence {
  readonly host: Pick<HostFacts, 'id' | 'interfaces' | 'mptcp' | 'qemu'>;
  readonly changes: MptcpCounters;
}

/** A TCP socket of the migration's connection on the source. */
export interface SubflowEvidence extends SubflowEnds {
  readonly interface?: string | undefined;
  /** `joining`: its first packet was sent at least twice, without an answer. */
  readonly state: SubflowState | 'joining';
}

export interface ConnectionEvidence {
  readonly protocol: 'mptcp' | 'tcp';
  /** The source's own socket asked for MPTCP. */
  readonly fallback: boolean;
  /** It still was MPTCP right after connecting. */
  readonly wasMptcp: boolean;
  readonly subflows: readonly SubflowEvidence[];
  readonly closed: readonly ClosedSubflow[];
  /** For how long nothing at all has been acknowledged by the connection's peer. */
  readonly stalledMs: number;
  /** Acknowledged by TCP on a subflow, and not by the connection's peer; what was sent twice is left out. */
  readonly bytesUnconfirmed: number;
}

/** Everything that a verdict about one connection rests on. It is gathered elsewhere. */
export interface Evidence {
  readonly source: SideEvidence;
  readonly destination: SideEvidence;
  readonly connection: ConnectionEvidence;
  /** The interface pairs that were hoped for; the first carries the initial subflow. */
  readonly paths: readonly Path[];
  /** Who made the connection; QEMU when absent. */
  readonly socketOwner?: 'qemu' | 'app';
  /** Addresses that the source has asked for on its links, and for which no machine has answered. */
  readonly unansweredNeighbours?: readonly string[];
  /** Where the destination listens. */
  readonly listener: { readonly address: string; readonly port: number; readonly mptcp: boolean };
}

/** One cause, in one sentence, on the side on which it has to be fixed, with the command that does so where there is one. */
export interface Finding {
  readonly kind: FindingKind;
  readonly side: Side;
  readonly sentence: string;
  /** For a shell in the network namespace of that side, as root. */
  readonly command?: string;
}

export type FindingKind = FallbackKind | PathKind;

/** Why a connection that should be MPTCP is TCP, or has come to nothing. */
export type FallbackKind =
  | 'kernel-without-mptcp'
  | 'qemu-without-mptcp'
  | 'source-not-mptcp'
  | 'destination-not-mptcp'
  | 'first-packet-dropped'
  | 'blackhole-remembered'
  | 'options-stripped'
  | 'options-stripped-from-data'
  | 'options-stripped-later';

/** Why an MPTCP connection uses fewer paths than there are. */
export type PathKind =
  | 'userspace-path-manager'
  | 'link-down'
  | 'nothing-announced'
  | 'announced-as-subflow'
  | 'announcement-lost'
  | 'source-limits'
  | 'destination-limits'
  | 'joins-denied'
  | 'listener-on-one-address'
  | 'join-filtered-by-source'
  | 'join-filtered-by-destination'
  | 'join-unanswered-by-neighbour'
  | 'join-without-neighbour'
  | 'join-dropped'
  | 'join-rejected'
  | 'join-stripped'
  | 'join-without-route'
  | 'join-on-another-link'
  | 'path-reset'
  | 'path-down';

/** How far a counter of one side has risen. */
export function risen(side: SideEvidence, name: string): number {
  return Math.max(0, side.changes[name] ?? 0);
}

/** A sysctl below /proc/sys/net as a number; `undefined` where the kernel has none of that name. */
export function sysctl(side: SideEvidence, name: string): number | undefined {
  const text = side.host.mptcp.sysctls[name];
  return text === undefined || text === '' ? undefined : Number(text);
}
