import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { MigrationAddress } from '#main/engine/ports.ts';
import type { MigrationInfo, MigrationTarget } from '#main/qmp/schema.ts';

/**
 * The address as `migrate` and `migrate-incoming` take it. The `uri` form with `mptcp=on` spelled out means the same to every
 * QEMU since 6.1; without MPTCP, to every QEMU there is.
 */
export function migrationTarget(address: MigrationAddress): MigrationTarget {
  if (/[\s,]/.test(address.host)) {
    throw invalidRequest(`"${address.host}" is no address.`, 'Give an IPv4 or IPv6 address, or a host name.', 'host');
  }
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return { uri: `tcp:${host}:${address.port}${address.mptcp ? ',mptcp=on' : ''}` };
}

/** The port that the destination's kernel chose, from `query-migrate` on the QEMU that listens (`socket-address`, QEMU 4.0). */
export function listeningPort(info: MigrationInfo): number {
  const ports = (info['socket-address'] ?? [])
    .filter((address) => address['type'] === 'inet')
    .map((address) => Number(address['port']));
  const [port, ...others] = [...new Set(ports)];
  if (port !== undefined && others.length === 0 && Number.isInteger(port) && port > 0) return port;
  throw new SwitchyardError({
    kind: 'rejected',
    phase: 'preparing',
    event: 'listen',
    text: `The destination listens, but QEMU does not say on which one port (${ports.join(', ') || 'none'}).`,
    remedy: 'Name a port yourself, and listen on one wildcard address: 0.0.0.0 or [::].',
  });
}
