import type { PeerProof } from '#contract/migration.ts';
import type { ConnectionEnd, SocketName } from './ports.ts';

/** Both ends at nearly one moment: the source's twice, so that what moves meanwhile lies between the two. */
export interface BothEnds {
  readonly source: readonly ConnectionEnd[];
  readonly destination: readonly ConnectionEnd[];
  readonly sourceAfter: readonly ConnectionEnd[];
}

export interface Verdict {
  /** By what all connections are proven; the weakest of them. */
  readonly proof: Exclude<PeerProof, 'own-sockets' | 'status'> | undefined;
  /** Established at the source, and nothing at the destination can be its other end. */
  readonly unmatched: readonly SocketName[];
  /** The one connection of either side, which may be one although addresses are rewritten; what has arrived by it. */
  readonly candidateBytes: number | undefined;
}

const wordBits = 64;
/** TCP counts the first and the last packet as a byte each, at one end only. */
const countedPackets = 2;
/** Two counts that agree before and after so much are no coincidence. */
const provingBytes = 16_384;

/**
 * Whether these are the two ends of as many connections as there must be. `arrivedBefore` is what an earlier verdict has seen
 * arrive by the candidate.
 */
export function judge(ends: BothEnds, expected: number, arrivedBefore: number | undefined): Verdict {
  const established = ends.source.filter((end) => end.established);
  const matches = established.map((end) => ({ end, by: matchOf(end, ends) }));
  const isComplete = established.length >= expected && established.length === ends.source.length;
  const found = matches.flatMap(({ by }) => (by === undefined || by === 'pending' ? [] : [by]));
  const unmatched = matches.flatMap(({ end, by }) => (by === undefined ? end.subflows.slice(0, 1) : []));
  const candidateBytes = expected === 1 ? candidate(ends) : undefined;
  const hasGrown =
    candidateBytes !== undefined && arrivedBefore !== undefined && candidateBytes - arrivedBefore >= provingBytes;
  const proof =
    isComplete && found.length === matches.length
      ? found.includes('addresses')
        ? 'addresses'
        : 'sequence'
      : hasGrown
        ? 'bytes'
        : undefined;
  return { proof, unmatched: unmatched.map(({ remote }) => remote), candidateBytes };
}

type Match = 'sequence' | 'addresses' | 'pending' | undefined;

function matchOf(near: ConnectionEnd, { destination, sourceAfter }: BothEnds): Match {
  const after = sourceAfter.find((end) => shareSubflow(end, near)) ?? near;
  const far = destination.find((end) => end.held && isOtherEnd(near, after, end));
  if (far) return near.sequence && far.sequence ? 'sequence' : 'addresses';
  return destination.some((end) => !end.held && isMirrored(near, end)) ? 'pending' : undefined;
}

function isOtherEnd(near: ConnectionEnd, after: ConnectionEnd, far: ConnectionEnd): boolean {
  if (near.sequence && after.sequence && far.sequence) {
    const forward = (from: bigint, to: bigint): bigint => BigInt.asUintN(wordBits, to - from);
    const { acked } = near.sequence;
    return forward(acked, far.sequence.received) <= forward(acked, after.sequence.sent);
  }
  return isMirrored(near, far) && hasArrivedAs(near, after, far) !== false;
}

/** Whether what has arrived lies between what was acknowledged and what was sent; `undefined` where it is not counted. */
function hasArrivedAs(near: ConnectionEnd, after: ConnectionEnd, far: ConnectionEnd): boolean | undefined {
  if (!near.bytes || !after.bytes || !far.bytes) return undefined;
  const { received } = far.bytes;
  return received >= near.bytes.acked - countedPackets && received <= after.bytes.sent + countedPackets;
}

/** Through rewritten addresses only the counts are left: of one plain connection, held by the process that is to receive. */
function candidate({ source: [near, ...more], destination, sourceAfter }: BothEnds): number | undefined {
  const [far, ...others] = destination.filter(({ held }) => held);
  if (!near || !far || more.length + others.length > 0) return undefined;
  const after = sourceAfter.find((end) => shareSubflow(end, near));
  return after && hasArrivedAs(near, after, far) === true ? far.bytes?.received : undefined;
}

function isMirrored(near: ConnectionEnd, far: ConnectionEnd): boolean {
  return near.subflows.some((a) => far.subflows.some((b) => isSame(a.local, b.remote) && isSame(a.remote, b.local)));
}

function shareSubflow(one: ConnectionEnd, other: ConnectionEnd): boolean {
  return one.subflows.some((a) => other.subflows.some((b) => isSame(a.local, b.local) && isSame(a.remote, b.remote)));
}

function isSame(one: SocketName, other: SocketName): boolean {
  return one.address === other.address && one.port === other.port;
}
