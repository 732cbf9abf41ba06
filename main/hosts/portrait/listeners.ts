import { readNetworkNamespace, readSocketInodes } from '#main/hosts/process/process-table.ts';
import type { ListenerPortrait } from '#main/likeness/portrait.ts';
import { isJsonObject, type JsonObject } from '#main/qmp/json.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { readSockets } from '#native/netlink/socket-table.ts';
import { readUnixSockets } from '#native/netlink/unix-table.ts';
import type { Answers } from './answers.ts';

/** What QEMU says it has opened for clients to connect to. */
export type ListenerAnswers = Pick<Answers, 'characterDevices' | 'vncServers' | 'spice'>;

/** `TCP 0.0.0.0:5901`, `unix socket /run/vm.sock`, as the kernel has it. */
type Address = string;

/**
 * What a process listens on, from the kernel's socket tables, with the part of QEMU that has opened each. Rejects with a
 * `NativeError` where its network namespace may not be entered.
 */
export async function readListeners(pid: number, answers: ListenerAnswers): Promise<readonly ListenerPortrait[]> {
  const inodes = readSocketInodes(pid);
  if (inodes.size === 0) return [];
  const isHere = readNetworkNamespace(pid) === readNetworkNamespace('self');
  using session = openNetlinkSession('sock-diag', isHere ? undefined : { pid });
  const states = ['listen'] as const;
  const [ipv4, ipv6, unix] = await Promise.all([
    readSockets(session, { protocol: 'tcp', family: 'ipv4', states }),
    readSockets(session, { protocol: 'tcp', family: 'ipv6', states }),
    readUnixSockets(session, states),
  ]);
  const addresses: readonly { readonly inode: number; readonly address: Address }[] = [
    ...[...ipv4, ...ipv6].map(({ inode, localAddress, localPort }) => ({
      inode,
      address: tcpAddress(localAddress, `${localPort}`),
    })),
    ...unix.map(({ inode, name }) => ({ inode, address: unixAddress(name ?? '') })),
  ];
  const own = addresses.filter(({ inode }) => inodes.has(inode)).map(({ address }) => address);
  return withOwners([...new Set(own)], answers);
}

/** The part of QEMU that says of itself that it listens there. */
export function withOwners(
  addresses: readonly Address[],
  { characterDevices, vncServers, spice }: ListenerAnswers,
): readonly ListenerPortrait[] {
  const owners = new Map<Address, string>();
  for (const { label, filename } of characterDevices) {
    const address = addressInFilename(filename);
    if (address !== undefined) owners.set(address, `character device "${label}"`);
  }
  for (const server of vncServers) {
    const { id, server: sockets } = server;
    if (!Array.isArray(sockets)) continue;
    for (const socket of sockets) {
      const address = isJsonObject(socket) ? addressOfVnc(socket) : undefined;
      if (address !== undefined) owners.set(address, `VNC "${typeof id === 'string' ? id : ''}"`);
    }
  }
  // Its host may be a name, or `*`.
  const spicePorts = [spice?.port, spice?.['tls-port']].filter((port) => port !== undefined);
  const spiceAt = (address: Address): boolean => spicePorts.some((port) => address.endsWith(`:${port}`));
  return addresses.map((address) => ({
    owner: owners.get(address) ?? (address.startsWith('TCP ') && spiceAt(address) ? 'SPICE' : ''),
    address,
  }));
}

/** `disconnected:tcp:127.0.0.1:4444,server=on`, and behind it the two ends once a client has come (chardev/char-socket.c). */
function addressInFilename(filename: string): Address | undefined {
  const [, kind, place = ''] = /^(?:disconnected:)?([a-z0-9]+):(.*?),server=on/.exec(filename) ?? [];
  if (kind === undefined) return undefined;
  if (kind === 'unix') return unixAddress(place);
  const at = place.lastIndexOf(':');
  return tcpAddress(place.slice(0, at), place.slice(at + 1));
}

function addressOfVnc({ host, service, family }: JsonObject): Address | undefined {
  if (typeof host !== 'string' || typeof service !== 'string') return undefined;
  return family === 'unix' ? unixAddress(service === '' ? host : service) : tcpAddress(host, service);
}

function tcpAddress(host: string, port: string): Address {
  const plain = host.replaceAll(/[[\]]/g, '');
  return `TCP ${plain.includes(':') ? `[${plain}]` : plain}:${port}`;
}

function unixAddress(path: string): Address {
  return `unix socket ${path === '' ? 'without a name' : path}`;
}
