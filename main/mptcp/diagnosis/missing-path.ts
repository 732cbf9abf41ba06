import type { MptcpEndpoint, NetworkInterface } from '#contract/host.ts';
import type { Path } from '#contract/migration.ts';
import { addEndpointCommand, removeEndpointCommand } from '#contract/mptcp-commands.ts';
import type { ClosedSubflow, SubflowEnds } from '#main/engine/ports.ts';
import type { ConnectionEvidence, Evidence, Finding, SideEvidence, SubflowEvidence } from './evidence.ts';

/** Reports what it recognises of the paths on which nothing gets through. */
export type PathRecogniser = (evidence: Evidence, missing: readonly Path[]) => readonly Finding[];

/** It gets through, or could: a backup is idle while another path lives. */
export function carries({ state }: Pick<SubflowEvidence, 'state'>): boolean {
  return state === 'active' || state === 'backup';
}

/** A path is used once a subflow leaves by its interface, whichever address it goes to. */
export function isInUse(path: Path, { subflows }: ConnectionEvidence): boolean {
  return subflows.some(
    (subflow) =>
      carries(subflow) && (subflow.localAddress === path.sourceAddress || subflow.interface === path.sourceInterface),
  );
}

export function runsOn(path: Path, { localAddress, remoteAddress }: SubflowEnds): boolean {
  return localAddress === path.sourceAddress && remoteAddress === path.destinationAddress;
}

/** Subflows that ended and have not come back: between their addresses nothing gets through now. */
export function endedForGood({ closed, subflows }: ConnectionEvidence): ClosedSubflow[] {
  const alive = new Set(subflows.filter(carries).map(arrow));
  return uniqueByAddress(closed.filter((subflow) => !alive.has(arrow(subflow))));
}

/** The refusal of an established subflow takes one round trip. */
const turnedAwayWithinMs = 1000;

/** It was established and turned away, rather than lost. */
export function endedAtOnce({ errno, livedMs }: ClosedSubflow): boolean {
  return errno === undefined && livedMs !== undefined && livedMs < turnedAwayWithinMs;
}

/** With parallel connections the same path fails once for each of them. */
export function uniqueByAddress<Subflow extends SubflowEnds>(subflows: readonly Subflow[]): Subflow[] {
  return [...new Map(subflows.map((subflow) => [arrow(subflow), subflow])).values()];
}

export function arrow({ localAddress, remoteAddress }: SubflowEnds): string {
  return `${localAddress} → ${remoteAddress}`;
}

/** The source has endpoints of its own from which it makes subflows, announced to or not. */
export function joinsByItself({ host }: SideEvidence): boolean {
  return host.mptcp.endpoints.some(({ flags }) => flags.includes('subflow') || flags.includes('fullmesh'));
}

export function endpointAt({ host }: SideEvidence, wanted: string): MptcpEndpoint | undefined {
  return host.mptcp.endpoints.find(({ address }) => address === wanted);
}

export function interfaceWith({ host }: SideEvidence, wanted: string): NetworkInterface | undefined {
  return host.interfaces.find(({ addresses }) => addresses.some(({ address }) => address === wanted));
}

/** Announces the destination's end of a path, with a listener of its own where QEMU's is on another address. */
export function announceCommand(path: Path, { address, port }: Evidence['listener']): string {
  return addEndpointCommand({
    address: path.destinationAddress,
    interface: path.destinationInterface,
    flags: ['signal'],
    ...(isWildcard(address) || address === '' ? {} : { port }),
  });
}

/**
 * Removing an endpoint and adding it again makes the kernel announce it once more, to live connections as well. At once after
 * each other the peer may take the end of the old announcement for one of the new: 2 of 11 did not come back on Linux 6.18,
 * with a pause between all of 10 did.
 */
export function announceAnewCommand(endpoint: MptcpEndpoint): string {
  return [removeEndpointCommand(endpoint), untilHeard, addEndpointCommand(endpoint)].join(' && ');
}

const untilHeard = 'sleep 1';

/**
 * The same for the path with which the connection began. A subflow that joins there and carries data at once was reset by the
 * peer within a millisecond, and then not made again, in 9 of 32 tries on Linux 6.18 (`DSSNotMatching` at the destination); one
 * that joined as a backup and became an ordinary one later stayed in 45 of 45. No other path needs that.
 */
export function announceFirstAgainCommand(path: Path, endpoint: MptcpEndpoint | undefined, port?: number): string {
  const wanted: Omit<MptcpEndpoint, 'id'> = endpoint ?? {
    address: path.destinationAddress,
    interface: path.destinationInterface,
    flags: ['signal'],
    ...(port === undefined ? {} : { port }),
  };
  const { address, flags, port: own } = wanted;
  const isBackup = flags.includes('backup');
  return [
    ...(endpoint ? [removeEndpointCommand(endpoint), untilHeard] : []),
    addEndpointCommand(isBackup ? wanted : { ...wanted, flags: [...flags, 'backup'] }),
    ...(isBackup
      ? []
      : [untilHeard, `ip mptcp endpoint change ${address}${own === undefined ? '' : ` port ${own}`} nobackup`]),
  ].join(' && ');
}

/** An unknown address, which is empty, is no wildcard. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
