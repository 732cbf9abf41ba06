import { isIP } from 'node:net';
import { invalidRequest } from '#contract/errors.ts';
import type { ListenerAddress, MptcpPolicy, Path } from '#contract/migration.ts';
import { parseIncoming, type Address, type InetAddress } from '#main/qmp/address.ts';

/**
 * What an operator wants the destination to listen on, from an address as QEMU writes it: `tcp:0:4444`,
 * `tcp:192.0.2.2:49152,to=49215,mptcp=on`. Strict where QEMU before 10.1 skips what it does not know. Throws
 * `invalid-request`, which says what was probably meant.
 */
export function wantedListener(text: string, policy: MptcpPolicy): ListenerAddress {
  const incoming = parseIncoming(text);
  if (incoming.kind === 'defer') {
    throw refused(text, 'is no address', 'Name where to listen, tcp:0:4444, or leave --incoming out.');
  }
  const address = internet(incoming.address, text);
  if (!Object.keys(address).every((key) => understood.has(key))) {
    throw refused(text, 'has an option that cannot be asked for here', 'Only to= and mptcp= are taken here.');
  }
  if (address.mptcp === true && policy === 'off') {
    throw refused(text, 'asks for mptcp, and --mptcp off forbids it', 'Leave one of the two out.');
  }
  if (address.mptcp === false && policy === 'require') {
    throw refused(text, 'switches mptcp off, and --mptcp require insists on it', 'Leave one of the two out.');
  }
  return listenerOf(address, text);
}

/** The same of a QEMU that listens already; options that only it needs to understand are its own affair. */
export function listenerOfWaiting(address: Address, text: string): ListenerAddress {
  const { host, port, mptcp } = listenerOf(internet(address, text), text);
  // Left out it is off: nothing decides on it any more.
  return { host, port, mptcp: mptcp === true };
}

/** The wildcard takes the family of the path that is connected, and a path that is reached comes first. */
export function meet(
  listener: ListenerAddress | undefined,
  paths: readonly Path[],
): { readonly listener: ListenerAddress | undefined; readonly paths: readonly Path[] } {
  if (!listener) return { listener, paths };
  const reached = paths.find(({ destinationAddress }) => hears(listener.host, destinationAddress));
  const host = listener.host === '' ? wildcardOf(reached) : listener.host;
  const others = paths.filter((path) => path !== reached);
  return { listener: { ...listener, host }, paths: reached ? [reached, ...others] : paths };
}

const understood: ReadonlySet<string> = new Set(['type', 'host', 'port', 'to', 'mptcp']);

function internet(address: Address, text: string): InetAddress {
  if (address.type === 'inet') return address;
  throw refused(text, 'is not one of the network', 'A guest comes from another host: write tcp:HOST:PORT.');
}

function listenerOf({ host, port, to, mptcp }: InetAddress, text: string): ListenerAddress {
  // inet_aton's way of writing the wildcard, as in the oldest of QEMU's examples.
  const numeric = host === '0' ? '0.0.0.0' : host;
  if (numeric !== '' && isIP(numeric) === 0) {
    throw refused(text, `has a name for a host: ${host}`, 'Write the IP address, or 0 for every address.');
  }
  return {
    host: numeric,
    port,
    ...(to === undefined ? {} : { lastPort: to }),
    ...(mptcp === undefined ? {} : { mptcp }),
  };
}

/** `::` takes IPv4 as well, and so does QEMU's empty host. */
function hears(host: string, address: string): boolean {
  return host === '' || host === '::' || (host === '0.0.0.0' && isIP(address) === 4) || host === address;
}

function wildcardOf(path: Path | undefined): string {
  return path && isIP(path.destinationAddress) === 6 ? '::' : '0.0.0.0';
}

function refused(text: string, problem: string, remedy: string): Error {
  return invalidRequest(`The address ${JSON.stringify(text)} ${problem}.`, remedy, 'incoming');
}
