import { SOL_TCP, TCP_INFO } from './constants.ts';
import type { Fd } from './fd.ts';
import { readStructOption } from './read-struct-option.ts';
import { type Decoded, structDecoder, type StructLayout } from './struct-layout.ts';
import { type TcpState, tcpStateOf } from './netlink/tcp-state.ts';

/**
 * struct tcp_info, <linux/tcp.h>; 232 bytes in Linux 5.4, 280 in 6.18. Left out: what was never filled in (fackets,
 * last_ack_sent), the option and window-scale bits, and the AccECN counters.
 */
export const tcpInfoLayout = {
  stateNumber: { offset: 0, kind: 'u8', member: 'tcpi_state' },
  congestionStateNumber: { offset: 1, kind: 'u8', member: 'tcpi_ca_state' },
  /** Retransmission timeouts in a row, now: above 0 the path is failing. */
  consecutiveTimeouts: { offset: 2, kind: 'u8', member: 'tcpi_retransmits' },
  /** Unanswered window or keep-alive probes. */
  probes: { offset: 3, kind: 'u8', member: 'tcpi_probes' },
  /** Doublings of the retransmission timeout, now. */
  backoffExponent: { offset: 4, kind: 'u8', member: 'tcpi_backoff' },
  retransmissionTimeoutUs: { offset: 8, kind: 'u32', member: 'tcpi_rto' },
  ackTimeoutUs: { offset: 12, kind: 'u32', member: 'tcpi_ato' },
  sendSegmentBytes: { offset: 16, kind: 'u32', member: 'tcpi_snd_mss' },
  receiveSegmentBytes: { offset: 20, kind: 'u32', member: 'tcpi_rcv_mss' },
  unackedSegments: { offset: 24, kind: 'u32', member: 'tcpi_unacked' },
  sackedSegments: { offset: 28, kind: 'u32', member: 'tcpi_sacked' },
  lostSegments: { offset: 32, kind: 'u32', member: 'tcpi_lost' },
  /** Retransmitted and not yet acknowledged, now. */
  retransmittedInFlightSegments: { offset: 36, kind: 'u32', member: 'tcpi_retrans' },
  sinceDataSentMs: { offset: 44, kind: 'u32', member: 'tcpi_last_data_sent' },
  sinceDataReceivedMs: { offset: 52, kind: 'u32', member: 'tcpi_last_data_recv' },
  sinceAckReceivedMs: { offset: 56, kind: 'u32', member: 'tcpi_last_ack_recv' },
  pathMtuBytes: { offset: 60, kind: 'u32', member: 'tcpi_pmtu' },
  receiveSlowStartThresholdBytes: { offset: 64, kind: 'u32', member: 'tcpi_rcv_ssthresh' },
  rttUs: { offset: 68, kind: 'u32', member: 'tcpi_rtt' },
  rttVarianceUs: { offset: 72, kind: 'u32', member: 'tcpi_rttvar' },
  slowStartThresholdSegments: { offset: 76, kind: 'u32', member: 'tcpi_snd_ssthresh' },
  congestionWindowSegments: { offset: 80, kind: 'u32', member: 'tcpi_snd_cwnd' },
  advertisedSegmentBytes: { offset: 84, kind: 'u32', member: 'tcpi_advmss' },
  reorderingSegments: { offset: 88, kind: 'u32', member: 'tcpi_reordering' },
  receiverRttUs: { offset: 92, kind: 'u32', member: 'tcpi_rcv_rtt' },
  receiveSpaceBytes: { offset: 96, kind: 'u32', member: 'tcpi_rcv_space' },
  retransmittedSegments: { offset: 100, kind: 'u32', member: 'tcpi_total_retrans' },
  pacingBytesPerSecond: { offset: 104, kind: 'u64', member: 'tcpi_pacing_rate' },
  maxPacingBytesPerSecond: { offset: 112, kind: 'u64', member: 'tcpi_max_pacing_rate' },
  /** Counts the SYN as one byte. */
  bytesAcked: { offset: 120, kind: 'u64', member: 'tcpi_bytes_acked' },
  bytesReceived: { offset: 128, kind: 'u64', member: 'tcpi_bytes_received' },
  segmentsSent: { offset: 136, kind: 'u32', member: 'tcpi_segs_out' },
  segmentsReceived: { offset: 140, kind: 'u32', member: 'tcpi_segs_in' },
  /** Queued in the socket, never sent yet. */
  unsentBytes: { offset: 144, kind: 'u32', member: 'tcpi_notsent_bytes' },
  minRttUs: { offset: 148, kind: 'u32', member: 'tcpi_min_rtt' },
  dataSegmentsReceived: { offset: 152, kind: 'u32', member: 'tcpi_data_segs_in' },
  dataSegmentsSent: { offset: 156, kind: 'u32', member: 'tcpi_data_segs_out' },
  deliveryBytesPerSecond: { offset: 160, kind: 'u64', member: 'tcpi_delivery_rate' },
  /** Time with data in flight or waiting. */
  busyUs: { offset: 168, kind: 'u64', member: 'tcpi_busy_time' },
  limitedByReceiverUs: { offset: 176, kind: 'u64', member: 'tcpi_rwnd_limited' },
  limitedBySendBufferUs: { offset: 184, kind: 'u64', member: 'tcpi_sndbuf_limited' },
  deliveredSegments: { offset: 192, kind: 'u32', member: 'tcpi_delivered' },
  deliveredMarkedSegments: { offset: 196, kind: 'u32', member: 'tcpi_delivered_ce' },
  /** Retransmissions included. */
  bytesSent: { offset: 200, kind: 'u64', member: 'tcpi_bytes_sent' },
  bytesRetransmitted: { offset: 208, kind: 'u64', member: 'tcpi_bytes_retrans' },
  duplicateSackBlocks: { offset: 216, kind: 'u32', member: 'tcpi_dsack_dups' },
  reorderingEvents: { offset: 220, kind: 'u32', member: 'tcpi_reord_seen' },
  outOfOrderSegmentsReceived: { offset: 224, kind: 'u32', member: 'tcpi_rcv_ooopack' },
  sendWindowBytes: { offset: 228, kind: 'u32', member: 'tcpi_snd_wnd' },
  receiveWindowBytes: { offset: 232, kind: 'u32', member: 'tcpi_rcv_wnd', since: '6.2' },
  /** Changes of the flow label after timeouts, to try another route. */
  rehashes: { offset: 236, kind: 'u32', member: 'tcpi_rehash', since: '6.2' },
  timeouts: { offset: 240, kind: 'u16', member: 'tcpi_total_rto', since: '6.7' },
  timeoutRecoveries: { offset: 242, kind: 'u16', member: 'tcpi_total_rto_recoveries', since: '6.7' },
  timeoutRecoveryMs: { offset: 244, kind: 'u32', member: 'tcpi_total_rto_time', since: '6.7' },
} as const satisfies StructLayout;

/** TCP_CA_*, <linux/tcp.h>. */
const congestionStates = ['open', 'disorder', 'window-reduced', 'recovery', 'loss'] as const;
export type CongestionState = (typeof congestionStates)[number];

type Raw = Decoded<typeof tcpInfoLayout>;
type Normalised =
  | 'stateNumber'
  | 'congestionStateNumber'
  | 'slowStartThresholdSegments'
  | 'minRttUs'
  | 'pacingBytesPerSecond'
  | 'maxPacingBytesPerSecond';

/** What TCP knows about one connection, or about one subflow of an MPTCP connection. */
export interface TcpInfo extends Omit<Raw, Normalised> {
  readonly state: TcpState | undefined;
  readonly congestionState: CongestionState | undefined;
  /** The delivery rate was measured while the sender had too little to send: the path may be faster. */
  readonly deliveryRateIsAppLimited: boolean;
  /** `undefined` until the first loss. */
  readonly slowStartThresholdSegments: number | undefined;
  /** `undefined` until the first measurement. */
  readonly minRttUs: number | undefined;
  readonly pacingBytesPerSecond: number | 'unlimited';
  readonly maxPacingBytesPerSecond: number | 'unlimited';
}

// "Not known yet" and "no limit", as the kernel writes them.
const NO_MIN_RTT = 0xffff_ffff; // net/ipv4/tcp.c: tcp_init_sock
const INFINITE_SSTHRESH = 0x7fff_ffff; // include/net/tcp.h: TCP_INFINITE_SSTHRESH
const UNLIMITED_RATE = Number(0xffff_ffff_ffff_ffffn); // include/net/sock.h: sk_max_pacing_rate

const APP_LIMITED_OFFSET = 7;

const decodeRaw = structDecoder(tcpInfoLayout);

/** `undefined` for fewer bytes than Linux 5.4 returned. */
export function decodeTcpInfo(bytes: Buffer): TcpInfo | undefined {
  const raw = decodeRaw(bytes);
  if (raw === undefined) return undefined;
  const { stateNumber, congestionStateNumber, slowStartThresholdSegments, minRttUs, ...rest } = raw;
  return {
    ...rest,
    state: tcpStateOf(stateNumber),
    congestionState: congestionStates[congestionStateNumber],
    deliveryRateIsAppLimited: (bytes.readUInt8(APP_LIMITED_OFFSET) & 1) === 1,
    slowStartThresholdSegments:
      slowStartThresholdSegments === INFINITE_SSTHRESH ? undefined : slowStartThresholdSegments,
    minRttUs: minRttUs === NO_MIN_RTT ? undefined : minRttUs,
    pacingBytesPerSecond: rate(raw.pacingBytesPerSecond),
    maxPacingBytesPerSecond: rate(raw.maxPacingBytesPerSecond),
  };
}

/** TCP_INFO of a socket. On an MPTCP socket it reports the first subflow only: see `readMptcpFullInfo`. */
export function readTcpInfo(fd: Fd): TcpInfo | undefined {
  return decodeTcpInfo(readStructOption(fd, SOL_TCP, TCP_INFO, 'read TCP_INFO'));
}

function rate(bytesPerSecond: number): number | 'unlimited' {
  return bytesPerSecond === UNLIMITED_RATE ? 'unlimited' : bytesPerSecond;
}
