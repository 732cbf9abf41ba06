import { tcpInfoLayout } from '#native/tcp-info.ts';
import { type Decoded, structDecoder } from '#native/struct-layout.ts';

/**
 * The part of struct tcp_info that a socket table row carries. All of it would cost as much to decode as everything else
 * in a reading of the table together, ten times a second for each subflow.
 */
const layout = {
  consecutiveTimeouts: tcpInfoLayout.consecutiveTimeouts,
  backoffExponent: tcpInfoLayout.backoffExponent,
  sendSegmentBytes: tcpInfoLayout.sendSegmentBytes,
  unackedSegments: tcpInfoLayout.unackedSegments,
  rttUs: tcpInfoLayout.rttUs,
  rttVarianceUs: tcpInfoLayout.rttVarianceUs,
  congestionWindowSegments: tcpInfoLayout.congestionWindowSegments,
  retransmittedSegments: tcpInfoLayout.retransmittedSegments,
  bytesAcked: tcpInfoLayout.bytesAcked,
  bytesReceived: tcpInfoLayout.bytesReceived,
  bytesRetransmitted: tcpInfoLayout.bytesRetransmitted,
  unsentBytes: tcpInfoLayout.unsentBytes,
} as const;

export type TcpCounters = Decoded<typeof layout>;

/** `undefined` for fewer bytes than Linux 5.4 returned. */
export const decodeTcpCounters: (bytes: Buffer) => TcpCounters | undefined = structDecoder(layout);
