import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint, NewEndpoint } from '#native/netlink/mptcp-endpoint.ts';
import type { MptcpPathManager } from '#native/netlink/mptcp-path-manager.ts';

export type PathControlPort = Pick<
  MptcpPathManager,
  'endpoints' | 'addEndpoint' | 'removeEndpoint' | 'setEndpointFlags'
>;

/** No endpoint stands for this address, so its path cannot be told from others. */
export class NoEndpointError extends Error {
  override readonly name = 'NoEndpointError';
  readonly address: string;

  constructor(address: string) {
    super(`There is no MPTCP endpoint at ${address}; the path that a connection was made on has none of its own.`);
    this.address = address;
  }
}

/**
 * What can be done to a path while it carries a migration. An address names the path, on the host whose path manager this
 * is; the peer follows by itself. Everything acts on all MPTCP connections of that host, within a few hundredths of a second.
 */

/** Its traffic moves to the other paths; it is kept, and used when no other is left. Throws {@link NoEndpointError}. */
export function pausePath(manager: PathControlPort, address: string): void {
  setBackup(manager, address, true);
}

export function resumePath(manager: PathControlPort, address: string): void {
  setBackup(manager, address, false);
}

/** Closes the subflows at this address; returns what brings them back through `addPath`. */
export function removePath(manager: PathControlPort, address: string): NewEndpoint {
  const endpoint = endpointAt(manager, address);
  manager.removeEndpoint(endpoint.id);
  return { ...endpoint };
}

export function addPath(manager: PathControlPort, endpoint: NewEndpoint): void {
  manager.addEndpoint(endpoint);
}

/**
 * Between a withdrawal and a new announcement. Sent closer together the peer may take them in the wrong order, or reset the
 * new subflow along with the old one: measured in one of ten at 60 ms, never at 150 ms.
 */
const settleMs = 150;

/**
 * Makes the subflow of a dead path anew, once both ends have their carrier again (a join that cannot leave is not tried
 * twice). The kernel on its own waits for the old one's next retransmission, from 0.1 to more than 10 seconds. Only for a
 * path that is dead: where a living subflow is reset, the peer goes on counting its address as accepted, up to its limit.
 * Quicker still is to `removePath` when the link is lost and to `addPath` when it is back.
 */
export async function rejoinPath(manager: PathControlPort, address: string): Promise<void> {
  const endpoint = removePath(manager, address);
  await sleep(settleMs);
  addPath(manager, endpoint);
}

function setBackup(manager: PathControlPort, address: string, backup: boolean): void {
  const { id, flags } = endpointAt(manager, address);
  const keepsMesh = flags.includes('fullmesh') ? (['fullmesh'] as const) : [];
  manager.setEndpointFlags({ id }, [...keepsMesh, ...(backup ? (['backup'] as const) : [])]);
}

function endpointAt(manager: PathControlPort, address: string): Endpoint {
  const endpoint = manager.endpoints().find((each) => each.address === address);
  if (endpoint === undefined) throw new NoEndpointError(address);
  return endpoint;
}
