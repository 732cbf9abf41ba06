import type { HostFacts } from '#contract/host.ts';
import type { ListenerAddress, Path } from '#contract/migration.ts';
import { typedOn } from '#contract/mptcp-commands.ts';

/** What is suggested where the kernel would choose the port: QEMU's own documentation uses it. */
const suggestedPort = 4444;
/** More addresses than this are counted, not named. */
const namedPlaces = 6;
const table = 'inet switchyard_migration';

export interface MigrationPort {
  readonly destination: HostFacts;
  /** Whose source addresses may connect: the initial subflow and every one that joins. */
  readonly paths: readonly Path[];
  /** Absent for the wildcard and a port of the kernel's choice. */
  readonly listener: ListenerAddress | undefined;
}

/** Where the migration port of the destination can be reached, by any host on that network. */
export interface Reach {
  /** `eth0 (192.0.2.7, 2001:db8::7)`; those beyond a limit as `3 more`. */
  readonly places: readonly string[];
  /** Addresses among them that are routed in the Internet. */
  readonly isPublic: boolean;
}

export function reachOf({ destination, paths, listener }: MigrationPort): Reach {
  const host = listener?.host ?? (paths[0]?.destinationAddress.includes(':') === true ? '::' : '0.0.0.0');
  const isOpen = ({ address }: { readonly address: string }): boolean =>
    host === '::' || host === address || (host === '0.0.0.0' && !address.includes(':'));
  const open = destination.interfaces
    .filter(({ name }) => name !== 'lo')
    .map(({ name, addresses }) => ({ name, addresses: addresses.filter(isOpen).map(({ address }) => address) }))
    .filter(({ addresses }) => addresses.length > 0);
  const places = open.map(({ name, addresses }) => `${name} (${addresses.join(', ')})`);
  const beyond = places.length - namedPlaces;
  return {
    places: beyond > 0 ? [...places.slice(0, namedPlaces), `${beyond} more`] : places,
    isPublic: open.some(({ addresses }) => addresses.some(isPublic)),
  };
}

/**
 * Admits the source's addresses to the port, for every subflow of the connection, and no others: for a shell on the
 * destination, as root. A table of its own, which replaces the one of an earlier migration and is removed by
 * {@link closeAgainCommand}; other tables still have their say.
 */
export function firewallCommand({ destination, paths, listener }: MigrationPort): string {
  const ports = portsOf(listener);
  const rule = (version: 'ipv4' | 'ipv6'): string => {
    const own = [...new Set(paths.map(({ sourceAddress }) => sourceAddress))].filter(
      (address) => address.includes(':') === (version === 'ipv6'),
    );
    const others =
      own.length === 0
        ? `meta nfproto ${version}`
        : `${version === 'ipv4' ? 'ip' : 'ip6'} saddr != { ${own.join(', ')} }`;
    return `add rule ${table} input ${others} tcp dport ${ports} drop`;
  };
  const commands = [
    `add table ${table}`,
    `delete table ${table}`,
    `add table ${table}`,
    `add chain ${table} input { type filter hook input priority -10; }`,
    rule('ipv4'),
    rule('ipv6'),
  ];
  return typedOn(destination, `nft '${commands.join('; ')}'`);
}

export function closeAgainCommand(destination: HostFacts): string {
  return typedOn(destination, `nft delete table ${table}`);
}

/** Where the port is left to the kernel, the rule is about the one that is to be asked for instead. */
export function namesItsPort(listener: ListenerAddress | undefined): listener is ListenerAddress {
  return listener !== undefined && listener.port !== 0;
}

export const askForPort = `--incoming tcp:0:${suggestedPort}`;

function portsOf(listener: ListenerAddress | undefined): string {
  if (!namesItsPort(listener)) return String(suggestedPort);
  const { port, lastPort } = listener;
  return lastPort === undefined || lastPort === port ? String(port) : `${port}-${lastPort}`;
}

/** Not one of the ranges that stay within a site or a link: RFC 1918, 3927, 4193, 4291, 6598, and loopback. */
function isPublic(address: string): boolean {
  return address.includes(':')
    ? !/^(::1$|f[cd]|fe[89ab])/i.test(address)
    : !/^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
        address,
      );
}
