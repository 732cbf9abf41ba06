import type { MptcpEndpoint, MptcpLimits } from '#contract/host.ts';

/**
 * What the netlink requests of this folder are in the operator's own words: commands for a shell on that host, as root.
 * iproute2 before 6.18 cannot say `laminar`.
 */
export function addEndpointCommand(endpoint: Omit<MptcpEndpoint, 'id'>): string {
  const { address, port, interface: name, flags } = endpoint;
  return [
    `ip mptcp endpoint add ${address}`,
    ...(name === undefined ? [] : [`dev ${name}`]),
    ...flags,
    ...(port === undefined ? [] : [`port ${port}`]),
  ].join(' ');
}

export function removeEndpointCommand({ id }: Pick<MptcpEndpoint, 'id'>): string {
  return `ip mptcp endpoint delete id ${id}`;
}

export function setLimitsCommand({ subflows, addAddrAccepted }: MptcpLimits): string {
  return `ip mptcp limits set subflows ${subflows} add_addr_accepted ${addAddrAccepted}`;
}
