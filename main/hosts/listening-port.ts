import { SwitchyardError } from '#contract/errors.ts';
import type { SocketName } from '#main/engine/ports.ts';
import type { MigrationInfo } from '#main/qmp/schema.ts';

/**
 * The port that the destination's kernel chose, from `query-migrate` on the QEMU that listens (`socket-address`, QEMU
 * 4.0).
 */
export function listeningPort(info: MigrationInfo): number {
  const ports = listeningOn(info).map(({ port }) => port);
  const [port, ...others] = [...new Set(ports)];
  if (port !== undefined && others.length === 0 && Number.isInteger(port) && port > 0) return port;
  throw new SwitchyardError({
    kind: 'rejected',
    phase: 'preparing',
    event: 'listen',
    text: `The destination listens, but QEMU does not report one port (${ports.join(', ') || 'none'}).`,
    remedy: 'Name a port yourself, and listen on one wildcard address: 0.0.0.0 or [::].',
  });
}

/** The internet addresses on which the QEMU that was asked listens for a migration, from the same. */
export function listeningOn(info: MigrationInfo): readonly SocketName[] {
  return (info['socket-address'] ?? [])
    .filter((address) => address['type'] === 'inet')
    .map(({ host, port }) => ({ address: typeof host === 'string' ? host : '', port: Number(port) }));
}
