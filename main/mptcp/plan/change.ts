import type { MptcpEndpoint, MptcpLimits } from '#contract/host.ts';
import { addEndpointCommand, removeEndpointCommand, setLimitsCommand } from '#main/mptcp/commands.ts';

/** One thing to be done to the path manager of one host. Plain data: it is journalled before it is done. */
export type PathChange =
  | { readonly kind: 'add-endpoint'; readonly endpoint: Omit<MptcpEndpoint, 'id'> }
  | { readonly kind: 'remove-endpoint'; readonly endpoint: MptcpEndpoint }
  | { readonly kind: 'set-limits'; readonly limits: MptcpLimits; readonly before: MptcpLimits };

/** The path manager of one host as far as it is ours to change. */
export interface PathManagerState {
  readonly endpoints: readonly MptcpEndpoint[];
  readonly limits: MptcpLimits;
}

/** What an operator would type instead. */
export function commandFor(change: PathChange): string {
  switch (change.kind) {
    case 'add-endpoint':
      return addEndpointCommand(change.endpoint);
    case 'remove-endpoint':
      return removeEndpointCommand(change.endpoint);
    case 'set-limits':
      return setLimitsCommand(change.limits);
  }
}

/** The kernel keeps one endpoint for each address and port. */
export function sameEndpoint(
  one: Pick<MptcpEndpoint, 'address' | 'port'>,
  other: Pick<MptcpEndpoint, 'address' | 'port'>,
): boolean {
  return one.address === other.address && one.port === other.port;
}
