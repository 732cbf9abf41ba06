import type { MptcpEndpoint, MptcpLimits } from '#contract/host.ts';

/** The path manager of one host as far as it is ours to change. */
export interface PathManagerState {
  readonly endpoints: readonly MptcpEndpoint[];
  readonly limits: MptcpLimits;
}

/** The kernel keeps one endpoint for each address and port. */
export function sameEndpoint(
  one: Pick<MptcpEndpoint, 'address' | 'port'>,
  other: Pick<MptcpEndpoint, 'address' | 'port'>,
): boolean {
  return one.address === other.address && one.port === other.port;
}
