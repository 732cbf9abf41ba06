import { parseInetText, printInetText } from './inet-text.ts';
import { addressError, checked, decimal, type Address } from './model.ts';
import { suggestion } from './suggest.ts';

const schemes = ['tcp', 'unix', 'fd', 'vsock'] as const;

/** Known to QEMU and not for a live migration by this program, each with the reason. */
const refused: Readonly<Record<string, string>> = {
  exec: 'it starts a program on the host, which this program never does for an operator; use tcp: or unix:',
  rdma: 'RDMA has no TCP connection to watch or to spread over paths; use tcp:',
  file: 'it writes the guest to a file and no guest runs at the other end; use tcp:',
};

/**
 * QEMU's `uri` of `migrate`, `migrate-incoming` and `-incoming`: `tcp:HOST:PORT[,OPTION...]`, `unix:PATH`, `fd:NAME`,
 * `vsock:CID:PORT`. Throws a SwitchyardError `invalid-request` that says what to write instead.
 */
export function parseMigrationUri(uri: string): Address {
  const colon = uri.indexOf(':');
  const scheme = colon < 0 ? uri : uri.slice(0, colon);
  const rest = uri.slice(scheme.length + 1);
  switch (scheme) {
    case 'tcp':
      return parseInetText(rest, uri);
    case 'unix':
      return checked({ type: 'unix', path: rest }, uri);
    case 'fd':
      return checked({ type: 'fd', name: rest }, uri);
    case 'vsock':
      return parseVsock(rest, uri);
    default:
      throw unknownScheme(scheme, uri);
  }
}

/** The same as a string, for people and for comparing. What a QEMU is sent comes from `migrationTarget` and `migrationUri`. */
export function printMigrationUri(address: Address): string {
  switch (address.type) {
    case 'inet':
      return `tcp:${printInetText(address)}`;
    case 'unix':
      return `unix:${address.path}`;
    case 'fd':
      return `fd:${address.name}`;
    case 'vsock':
      return `vsock:${address.cid}:${address.port}`;
  }
}

function parseVsock(rest: string, uri: string): Address {
  const [cid, port, ...more] = rest.split(':').map(decimal);
  if (cid === undefined || port === undefined || more.length > 0)
    throw addressError(uri, 'has no usable vsock numbers', 'Write vsock:CID:PORT, both as decimal numbers.');
  return checked({ type: 'vsock', cid, port }, uri);
}

function unknownScheme(scheme: string, uri: string): Error {
  const reason = Object.hasOwn(refused, scheme) ? refused[scheme] : undefined;
  if (reason !== undefined) return addressError(uri, 'is not used here', `${capitalised(reason)}.`);
  if (uri === 'defer')
    return addressError(uri, 'is no address', 'It makes QEMU wait for one: name the address to listen on as well.');
  const meant = suggestion(scheme, schemes);
  return addressError(
    uri,
    'has no kind of connection that is known',
    meant === undefined ? 'Write tcp:HOST:PORT, unix:PATH, fd:NAME or vsock:CID:PORT.' : `Did you mean ${meant}:?`,
  );
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
