import { randomBytes } from 'node:crypto';
import type { TrialSecret } from '#main/engine/ports.ts';

/**
 * What goes over a path that is tried. The caller sends its half of the secret, which fits into the smallest packet; the
 * listener answers with the other half, which nothing else knows. Then the caller sends so much that the packets are as
 * large as the interface allows, and the listener answers once more when all of it has arrived.
 */
export const secretBytes = 16;
/** More than three packets of the largest Ethernet frame in use (MTU 9000); 25 ms at 10 Mbit/s. */
export const bulkBytes = 32 * 1024;

export function newSecret(): TrialSecret {
  return { call: randomBytes(secretBytes).toString('hex'), answer: randomBytes(secretBytes).toString('hex') };
}
