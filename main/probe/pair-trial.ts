import type { Path } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { ProbeAttempt, ProbeHost, ProbeToken } from './ports.ts';

/** What one pair alone answered. */
export interface PairTrial {
  readonly path: Path;
  /** By plain TCP, which every firewall knows. */
  readonly tcp: ProbeAttempt['kind'];
  /** By a connection that offers MPTCP: what became of it, or why there was none. Absent where MPTCP is not wanted. */
  readonly mptcp: 'mptcp' | 'tcp' | Exclude<ProbeAttempt['kind'], 'connected'> | undefined;
  /** Whether another port of the destination answered; absent where this one did. */
  readonly otherPort: boolean | undefined;
  readonly rttMs: Milliseconds | undefined;
  readonly pathMtuBytes: number | undefined;
  /** Absent where it could not be tried, or where the link is too slow for an answer in time. */
  readonly fullSize: 'pass' | 'lost' | undefined;
}

export interface TrialOrder {
  readonly source: Pick<ProbeHost, 'connectForProbe'>;
  readonly path: Path;
  readonly port: number;
  /** The port was named, and not chosen by the kernel: another machine with this address may have a QEMU that waits there. */
  readonly isNamed: boolean;
  /** The hardware addresses of the destination. */
  readonly linkAddresses: readonly string[];
  /** Where a second listener is, for a firewall that knows ports. */
  readonly otherPort: () => Promise<number>;
  readonly token: ProbeToken;
  readonly wantsMptcp: boolean;
}

/**
 * One packet may be lost: it is sent again after a second. Before the third the kernel would give MPTCP up and not offer it
 * for an hour (blackhole detection, net/mptcp/ctrl.c), which a probe must not bring about.
 */
const connectTimeoutMs: Milliseconds = 1300;
/** For another port, before the named one is touched; a firewall may drop it. */
const doorTimeoutMs: Milliseconds = 500;
/** Time-outs come after 200 and 600 ms, so that a packet that was lost by chance has come by then. */
const fullSizeTimeoutMs: Milliseconds = 1000;
const timeoutsOfBlackHole = 2;

type Guarded = TrialOrder & { readonly onlyTheirs: boolean };

/**
 * Connects over one pair, twice at the same time: as plain TCP, and offering MPTCP. Takes some round trips where all is well.
 * A port that was named is touched where the destination has answered on another one, or no other machine is seen.
 */
export async function tryPair(pair: TrialOrder): Promise<PairTrial> {
  const order: Guarded = { ...pair, onlyTheirs: pair.isNamed && !(await tryOtherPort(pair, doorTimeoutMs)) };
  const [plain, mptcp] = await Promise.all([tryPlain(order), order.wantsMptcp ? tryMptcp(order) : undefined]);
  const otherPort = plain.tcp === 'refused' || plain.tcp === 'unanswered' || plain.tcp === 'unreachable';
  return {
    path: order.path,
    ...plain,
    mptcp,
    otherPort: otherPort ? await tryOtherPort(order) : undefined,
  };
}

async function tryPlain(order: Guarded): Promise<Pick<PairTrial, 'tcp' | 'rttMs' | 'pathMtuBytes' | 'fullSize'>> {
  const attempt = await connectOver(order, { mptcp: false, port: order.port });
  if (attempt.kind !== 'connected') {
    return { tcp: attempt.kind, rttMs: undefined, pathMtuBytes: undefined, fullSize: undefined };
  }
  using connection = attempt.connection;
  const [before] = (await connection.reading()).subflows;
  const passed = await connection.sendFullSize(fullSizeTimeoutMs);
  const [after] = (await connection.reading()).subflows;
  const nothingCame = before !== undefined && after !== undefined && after.bytesAcked <= before.bytesAcked;
  const isLost = !passed && nothingCame && after.consecutiveTimeouts >= timeoutsOfBlackHole;
  return {
    tcp: 'connected',
    rttMs: before?.minRttMs,
    pathMtuBytes: after?.pathMtuBytes,
    fullSize: passed ? 'pass' : isLost ? 'lost' : undefined,
  };
}

async function tryMptcp(order: Guarded): Promise<PairTrial['mptcp']> {
  const attempt = await connectOver(order, { mptcp: true, port: order.port });
  if (attempt.kind !== 'connected') return attempt.kind;
  using connection = attempt.connection;
  return connection.protocol;
}

async function tryOtherPort(pair: TrialOrder, timeoutMs: Milliseconds = connectTimeoutMs): Promise<boolean> {
  const order = { ...pair, onlyTheirs: false };
  const attempt = await connectOver(order, { mptcp: false, port: await order.otherPort(), timeoutMs });
  if (attempt.kind !== 'connected') return false;
  attempt.connection[Symbol.dispose]();
  return true;
}

function connectOver(
  { source, path, token, linkAddresses, onlyTheirs }: Guarded,
  {
    mptcp,
    port,
    timeoutMs = connectTimeoutMs,
  }: { readonly mptcp: boolean; readonly port: number; readonly timeoutMs?: Milliseconds },
): Promise<ProbeAttempt> {
  const to = { address: path.destinationAddress, port };
  return source.connectForProbe({ from: path.sourceAddress, to, mptcp, token, timeoutMs, linkAddresses, onlyTheirs });
}
