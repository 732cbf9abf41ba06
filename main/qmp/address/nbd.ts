import type { SocketAddress, SocketAddressLegacy } from '#main/qmp/schema.ts';
import { mptcpOnlyWhereKnown, type AddressDialect } from './for-qemu.ts';
import { parseInetText } from './inet-text.ts';
import { addressError, checked, decimal, type Address } from './model.ts';
import { toSocketAddress, toSocketAddressLegacy } from './qapi.ts';
import { printMigrationUri } from './uri.ts';

/** IANA: nbd 10809/tcp. */
export const defaultNbdPort = 10_809;

/** An export of an NBD server. */
export interface NbdExport {
  readonly address: Address;
  /** Empty is the server's default one. */
  readonly exportName: string;
  readonly tls: boolean;
}

/** `addr` of `nbd-server-start`, which takes the nested form. */
export function nbdServerAddress(address: Address, dialect: AddressDialect): SocketAddressLegacy {
  return toSocketAddressLegacy(mptcpOnlyWhereKnown(address, dialect));
}

/** `server` of `blockdev-add` with `driver: nbd`, which takes the flat form. */
export function nbdClientAddress(address: Address, dialect: AddressDialect): SocketAddress {
  return toSocketAddress(mptcpOnlyWhereKnown(address, dialect));
}

/**
 * `HOST:PORT[,OPTION...]` (QEMU's human monitor), `unix:PATH`, or an NBD URI: `nbd://HOST[:PORT]/EXPORT`,
 * `nbds://` with TLS, `nbd+unix:///EXPORT?socket=PATH`. QEMU's NBD URIs know no `mptcp`.
 */
export function parseNbd(text: string): NbdExport {
  if (/^nbds?(?:\+unix)?:\/\//.test(text)) return parseNbdUri(text);
  const address = text.startsWith('unix:')
    ? checked({ type: 'unix', path: text.slice('unix:'.length) }, text)
    : parseInetText(text);
  return { address, exportName: '', tls: false };
}

export function printNbdUri({ address, exportName, tls }: NbdExport): string {
  const scheme = tls ? 'nbds' : 'nbd';
  const path = `/${encodeURIComponent(exportName)}`;
  if (address.type === 'unix' && address.abstract !== true)
    return `${scheme}+unix://${path}?socket=${encodeURIComponent(address.path)}`;
  if (address.type !== 'inet' || Object.keys(address).length > plainInetMembers)
    throw addressError(
      printMigrationUri(address),
      'has members that an NBD URI cannot express',
      'Use the typed form (blockdev-add with server): NBD URIs know neither mptcp nor any other option.',
    );
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${scheme}://${host}:${address.port}${path}`;
}

/** type, host and port. */
const plainInetMembers = 3;

function parseNbdUri(text: string): NbdExport {
  const match =
    /^(?<scheme>nbds?)(?<unix>\+unix)?:\/\/(?<authority>[^/?#]*)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/.exec(
      text,
    );
  if (!match?.groups) throw addressError(text, 'is no NBD URI', 'Write nbd://HOST:PORT/EXPORT.');
  const { scheme, unix, authority = '', path = '', query } = match.groups;
  const exportName = decoded(path, text);
  const tls = scheme === 'nbds';
  if (unix === undefined) {
    if (query !== undefined)
      throw addressError(
        text,
        'has options, which QEMU does not take in an NBD URI',
        'Use the typed form for mptcp and the like.',
      );
    return { address: parseAuthority(authority, text), exportName, tls };
  }
  const socket = /^socket=(?<path>[^&]+)$/.exec(query ?? '')?.groups?.['path'];
  if (authority !== '' || socket === undefined)
    throw addressError(text, 'names no unix socket', 'Write nbd+unix:///EXPORT?socket=/absolute/path.');
  return { address: checked({ type: 'unix', path: decoded(socket, text) }, text), exportName, tls };
}

function parseAuthority(authority: string, text: string): Address {
  const port = /:(?<port>\d+)$/.exec(authority)?.groups?.['port'];
  const withPort = port === undefined || authority.endsWith(']') ? `${authority}:${defaultNbdPort}` : authority;
  if (decimal(port ?? '0') === undefined || authority.includes(','))
    throw addressError(text, 'has no usable host and port', 'Write nbd://HOST:PORT/EXPORT.');
  return parseInetText(withPort, text);
}

function decoded(text: string, whole: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw addressError(whole, 'has a broken percent escape', 'Write % as %25.');
  }
}
