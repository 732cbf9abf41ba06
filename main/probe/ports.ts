import type { Bytes, Milliseconds } from '#contract/units.ts';
import type { ClosedSubflow, MigrationHost, SocketName } from '#main/engine/ports.ts';

/**
 * What a probe needs of a host. Every method rejects with a `SwitchyardError`; what stands in a connection's way is no
 * failure but an answer.
 */
export interface ProbeHost extends Pick<MigrationHost, 'id' | 'facts' | 'changePathManager' | 'restorePathManager'> {
  /** Opens a listener here that answers the callers who know the token, throws away what they send, and resets all others. */
  listenForProbe(order: ProbeListenOrder): Promise<ProbeListener>;
  /** Connects from here, says the token and hears the answer. Asks for MPTCP where that is wanted and this kernel has it. */
  connectForProbe(order: ProbeConnectOrder): Promise<ProbeAttempt>;
}

/** Both ends prove by it that they belong to this probe: 32 random bytes each, as hexadecimal digits. */
export interface ProbeToken {
  /** What the source says first. */
  readonly call: string;
  /** What the destination says then. */
  readonly answer: string;
}

export interface ProbeListenOrder {
  readonly host: string;
  /** 0 lets the kernel choose. Where another socket has it, the next one up to `lastPort` is taken, or any. */
  readonly port: number;
  readonly lastPort: number;
  readonly token: ProbeToken;
}

export interface ProbeListener extends Disposable {
  readonly port: number;
  /** The hardware addresses of its host, as hexadecimal digits. */
  readonly linkAddresses: readonly string[];
}

export interface ProbeConnectOrder {
  readonly from: string;
  readonly to: SocketName;
  readonly mptcp: boolean;
  readonly token: ProbeToken;
  /** For the handshake; the answer to the token may take as long again. */
  readonly timeoutMs: Milliseconds;
  /** Of the listener's host. Where the neighbour table shows that another machine answers, what fails is a stranger. */
  readonly linkAddresses?: readonly string[];
  /** Nothing at all is sent to another machine: a program may wait there at the same port. */
  readonly onlyTheirs?: boolean;
}

/** `code` is the kernel's, such as ECONNREFUSED. */
export type ProbeAttempt =
  | { readonly kind: 'connected'; readonly connection: ProbeConnection }
  | { readonly kind: 'refused' | 'unanswered' | 'unreachable' | 'stranger' | 'not-asked'; readonly code: string };

/** A connection to the listener of the same probe. Disposed of it is reset, and leaves nothing in either kernel. */
export interface ProbeConnection extends Disposable {
  /** What it has become, as both kernels see it: either end may be the one that knows. */
  readonly protocol: 'mptcp' | 'tcp';
  /** Sends some packets of full size. True once the far end has read them all, false where it has not in this time. */
  sendFullSize(timeoutMs: Milliseconds): Promise<boolean>;
  /** What the kernel says of its subflows now; of plain TCP of its one flow. */
  reading(): Promise<ProbeReading>;
  /**
   * Sends zeros as fast as they are taken, and reads every `everyMs`, until the time or the bytes are used up, `onReading`
   * has had enough, or the connection breaks. Works in slices of a millisecond: this process does its other work between them.
   */
  pour(order: PourOrder, onReading: (reading: ProbeReading) => 'more' | 'enough'): Promise<Poured>;
}

export interface PourOrder {
  readonly forMs: Milliseconds;
  readonly everyMs: Milliseconds;
  readonly mostBytes: Bytes;
}

export interface Poured {
  readonly sentBytes: Bytes;
  /** The kernel's code where the connection broke. */
  readonly brokenBy: string | undefined;
  /** Whether the kernel ever had no room for more: where not, this process was what limited it. */
  readonly wasFull: boolean;
}

/** The counters of one connection at one instant. */
export interface ProbeReading {
  readonly atMonoMs: Milliseconds;
  readonly subflows: readonly ProbeSubflow[];
  /** Subflows of this connection that ended; empty where this user may not listen for them. */
  readonly closed: readonly ClosedSubflow[];
}

export interface ProbeSubflow {
  /** Names it within its connection. */
  readonly id: number;
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** `joining`: its handshake is not over. */
  readonly state: 'established' | 'joining' | 'ending';
  /** By TCP, the SYN as one byte. */
  readonly bytesAcked: Bytes;
  readonly minRttMs: Milliseconds | undefined;
  readonly pathMtuBytes: Bytes;
  /** Retransmission time-outs in a row, now. */
  readonly consecutiveTimeouts: number;
  readonly retransmittedSegments: number;
  /** For how long the receiver's window was what limited it. */
  readonly limitedByReceiverMs: Milliseconds;
}
