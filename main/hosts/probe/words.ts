import type { ProbeToken } from '#main/probe/ports.ts';

/**
 * What the two ends of a probe say, once each: the source its token; the destination its own and a byte for what the
 * connection is to it; the source so many zeros, and the destination one byte when it has read them. What follows is
 * thrown away.
 */
export const callBytes = 32;
export const answerBytes = callBytes + 1;
/** Several packets of full size, also of jumbo frames. */
export const fullSizeBytes = 64 * 1024;

const asMptcp = 1;

export function callOf({ call }: ProbeToken): Buffer {
  return Buffer.from(call, 'hex');
}

export function answerOf({ answer }: ProbeToken, protocol: 'mptcp' | 'tcp'): Buffer {
  return Buffer.concat([Buffer.from(answer, 'hex'), Buffer.from([protocol === 'mptcp' ? asMptcp : 0])]);
}

/** What the connection is to the destination; `undefined` where this is not the destination's answer. */
export function heard(bytes: Buffer, { answer }: ProbeToken): 'mptcp' | 'tcp' | undefined {
  if (!bytes.subarray(0, callBytes).equals(Buffer.from(answer, 'hex'))) return undefined;
  return bytes[callBytes] === asMptcp ? 'mptcp' : 'tcp';
}
