import { shellWord } from './plain-text.ts';
import type { HostFacts, MptcpEndpoint, MptcpLimits } from './host.ts';
import type { PathManagerChange } from './migration.ts';
import type { HostMptcpChange } from './requests.ts';

/**
 * What is done to the kernel's MPTCP path manager, in the operator's own words: commands for a shell on that host, as root.
 * iproute2 before 6.18 cannot say `laminar`.
 */
export function mptcpCommand(change: PathManagerChange | HostMptcpChange): string {
  switch (change.kind) {
    case 'add-endpoint':
      return addEndpointCommand(change.endpoint);
    case 'remove-endpoint':
      return removeEndpointCommand(change.endpoint);
    case 'set-endpoint-flags':
      return setEndpointFlagsCommand(change.endpoint, change.flags);
    case 'set-limits':
      return setLimitsCommand(change.limits);
  }
}

export function addEndpointCommand(endpoint: Omit<MptcpEndpoint, 'id'>): string {
  const { address, port, interface: name, flags } = endpoint;
  return [
    `ip mptcp endpoint add ${address}`,
    ...(name === undefined ? [] : [`dev ${shellWord(name)}`]),
    ...flags,
    ...(port === undefined ? [] : [`port ${port}`]),
  ].join(' ');
}

export function removeEndpointCommand({ id }: Pick<MptcpEndpoint, 'id'>): string {
  return `ip mptcp endpoint delete id ${id}`;
}

/** The kernel takes both flags, whichever of them is named, so one that is to stay has to be named (measured on 6.18). */
export function setEndpointFlagsCommand(
  { id }: Pick<MptcpEndpoint, 'id'>,
  flags: readonly ('backup' | 'fullmesh')[],
): string {
  const backup = flags.includes('backup') ? 'backup' : 'nobackup';
  return `ip mptcp endpoint change id ${id} ${backup}${flags.includes('fullmesh') ? ' fullmesh' : ''}`;
}

export function setLimitsCommand({ subflows, addAddrAccepted }: MptcpLimits): string {
  return `ip mptcp limits set subflows ${subflows} add_addr_accepted ${addAddrAccepted}`;
}

/** What is typed on this machine, where a namespace stands for a host of its own. What says so already stays as it is. */
export function typedOn({ kind, id }: Pick<HostFacts, 'kind' | 'id'>, command: string): string {
  if (kind === 'local') return command;
  const prefix = `ip netns exec ${shellWord(id)} `;
  return command
    .split(' && ')
    .map((each) => (each.startsWith(prefix) ? each : prefix + each))
    .join(' && ');
}
