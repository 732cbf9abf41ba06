import type { MptcpEndpoint, MptcpLimits } from '#contract/host.ts';
import type { PathManagerChange } from '#contract/migration.ts';
import { addEndpointCommand, removeEndpointCommand, setLimitsCommand } from '#main/mptcp/commands.ts';

/** The path manager of one host as far as it is ours to change. */
export interface PathManagerState {
  readonly endpoints: readonly MptcpEndpoint[];
  readonly limits: MptcpLimits;
}

/** What an operator would type instead. */
export function commandFor(change: PathManagerChange): string {
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
