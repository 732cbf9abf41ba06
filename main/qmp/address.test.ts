import { describe, expect, test } from 'vitest';
import {
  fromMigrationChannel,
  fromSocketAddress,
  migrationTarget,
  migrationUri,
  nbdClientAddress,
  nbdServerAddress,
  parseIncoming,
  parseMigrationUri,
  parseNbd,
  printNbdUri,
  type Address,
  type AddressDialect,
  type InetAddress,
} from './address.ts';
import type { JsonValue } from './json.ts';
import { refusalOf } from './testing/refusal-of.ts';

const qemu72: AddressDialect = { mptcp: true, keepAliveTuning: false, channels: false };
const qemu82: AddressDialect = { ...qemu72, channels: true };
const qemu101: AddressDialect = { mptcp: true, keepAliveTuning: true, channels: true };
const strict = { unknownMembers: 'refuse' } as const;

function inet(host: string, port: number, options: Partial<InetAddress> = {}): InetAddress {
  return { type: 'inet', host, port, ...options };
}

describe('the forms of the mailing list and their heirs', () => {
  test.each<[string, Address]>([
    ['tcp:0:4444,mptcp', inet('0', 4444, { mptcp: true })],
    ['tcp:[::]:4444,mptcp=on', inet('::', 4444, { mptcp: true })],
    ['tcp:192.168.11.20:4444,mptcp=off', inet('192.168.11.20', 4444, { mptcp: false })],
    ['tcp::0', inet('', 0)],
    ['tcp:host-b.example:4444,to=4450,ipv4', inet('host-b.example', 4444, { to: 4450, ipv4: true })],
    ['tcp:[fe80::1%eth1]:4444,ipv6=on,keep-alive=off', inet('fe80::1%eth1', 4444, { ipv6: true, keepAlive: false })],
    ['unix:/run/switchyard/a,b.sock', { type: 'unix', path: '/run/switchyard/a,b.sock' }],
    ['fd:migration', { type: 'fd', name: 'migration' }],
    ['fd:42', { type: 'fd', name: '42' }],
    ['vsock:3:4444', { type: 'vsock', cid: 3, port: 4444 }],
  ])('%s', (uri, expected) => {
    expect(parseMigrationUri(uri)).toEqual(expected);
  });

  test('-incoming defer is no address', () => {
    expect(parseIncoming('defer')).toEqual({ kind: 'defer' });
  });

  test.each<[string, Address, string, boolean]>([
    ['0.0.0.0:3333,mptcp=on', inet('0.0.0.0', 3333, { mptcp: true }), '', false],
    ['nbd://host-b/disk', inet('host-b', 10_809), 'disk', false],
    ['nbds://[::1]:10810/a%20b', inet('::1', 10_810), 'a b', true],
    ['nbd+unix:///disk?socket=/run/nbd.sock', { type: 'unix', path: '/run/nbd.sock' }, 'disk', false],
    ['unix:/run/nbd.sock', { type: 'unix', path: '/run/nbd.sock' }, '', false],
  ])('the NBD server %s', (text, server, exportName, tls) => {
    expect(parseNbd(text)).toEqual({ address: server, exportName, tls });
  });
});

describe('what an old QEMU accepts silently is an error', () => {
  test.each([
    ['tcp:h:4444,mptpc', 'has the unknown option "mptpc". Did you mean mptcp?'],
    ['tcp:h:4444,mtcp=on', 'has the unknown option "mtcp". Did you mean mptcp?'],
    ['tcp:h:4444,MPTCP', 'has the unknown option "MPTCP". Did you mean mptcp?'],
    ['tcp:h:4444,keepalive', 'has the unknown option "keepalive". Did you mean keep-alive?'],
    ['tcp:h:4444,bind=192.0.2.1', 'has the unknown option "bind". Known options are to, keep-alive-count'],
    ['tcp:h:4444,', 'has an empty option.'],
    ['tcp:h:4444,mptcp,mptcp=off', 'has the option mptcp twice. Write it once'],
    ['tcp:h:4444,mptcp=yes', 'has mptcp=yes. Write mptcp=on or mptcp=off.'],
    ['tcp:h:4444,to=', 'has no usable number for to.'],
    ['tcp:h:4444,to', 'has no usable number for to.'],
    ['tcp:h:4444,to=4443', 'has an end of the port range below its beginning: 4444 to 4443.'],
    ['tcp:h:70000', 'has no usable port: 70000.'],
    ['tcp:h:http', 'has no usable port: "http".'],
    ['tcp:h', 'has no port. Write HOST:PORT'],
    ['tcp:fe80::1:4444', 'has too many colons. Write an IPv6 address in brackets'],
    ['tcp:[10.0.0.1]:4444', 'has brackets around something that is no IPv6 address.'],
    ['tcp:h:4444,ipv4=off,ipv6=off', 'switches off both IPv4 and IPv6.'],
    ['tcp:[::1]:4444,ipv6=off', 'is an IPv6 address with ipv6=off.'],
    ['tcp:a b:4444', 'has a host that is neither a name nor an IP address: "a b".'],
    ['tpc:h:4444', 'has no kind of connection that is known. Did you mean tcp:?'],
    ['h:4444', 'has no kind of connection that is known. Write tcp:HOST:PORT'],
    ['unix:relative.sock', 'cannot be a unix socket: it is not an absolute path.'],
    ['fd:', 'names no file descriptor.'],
    ['fd:7seas', 'names no file descriptor.'],
    ['vsock:3', 'has no usable vsock numbers.'],
    ['vsock:3:4444:1', 'has no usable vsock numbers.'],
    ['vsock:4294967296:1', 'has no usable vsock numbers.'],
    ['defer', 'is no address.'],
  ])('%s', (uri, refusal) => {
    expect(refusalOf(() => parseMigrationUri(uri))).toContain(`The address ${JSON.stringify(uri)} ${refusal}`);
  });

  test.each([
    ['exec:cat > /tmp/guest', 'It starts a program on the host'],
    ['rdma:h:4444', 'RDMA has no TCP connection to watch'],
    ['file:/tmp/guest', 'It writes the guest to a file'],
  ])('%s is known and not used', (uri, reason) => {
    expect(refusalOf(() => parseMigrationUri(uri))).toContain(
      `The address ${JSON.stringify(uri)} is not used here. ${reason}`,
    );
  });

  test.each<[string, JsonValue, string]>([
    [
      'a typo',
      { type: 'inet', host: 'h', port: '1', mptpc: true },
      'has the unknown member "mptpc". Did you mean mptcp?',
    ],
    ['a port that is a number', { type: 'inet', host: 'h', port: 1 }, 'has no text for port.'],
    [
      'a flag that is a string',
      { type: 'inet', host: 'h', port: '1', mptcp: 'on' },
      'has neither true nor false for mptcp.',
    ],
    ['no type', { host: 'h', port: '1' }, 'has no known type.'],
    [
      'a member that nothing resembles',
      { type: 'inet', host: 'h', port: '1', colour: 1 },
      'Known members are host, port,',
    ],
    ['a port that is no number', { type: 'inet', host: 'h', port: 'http' }, 'has no number for port.'],
    ['a number that is a string', { type: 'inet', host: 'h', port: '1', to: '2' }, 'has no number for to.'],
    [
      'half a keep-alive',
      { type: 'inet', host: 'h', port: '1', 'keep-alive-count': 0.5 },
      'has an unusable keep-alive number.',
    ],
    ['a number beyond 2^53', { type: 'inet', host: 'h', port: '1', to: 2n ** 63n }, '9223372036854775808'],
    ['no name of an abstract socket', { type: 'unix', path: '', abstract: true }, 'its name is empty.'],
    [
      'control characters in the name of an abstract socket',
      { type: 'unix', path: 'a\0', abstract: true },
      'it holds control characters.',
    ],
    [
      'a long name of an abstract socket',
      { type: 'unix', path: 'a'.repeat(108), abstract: true },
      'its name is longer than 107 bytes.',
    ],
    ['tight without abstract', { type: 'unix', path: '/a', tight: true }, 'is tight without being abstract.'],
    ['no object', 'tcp:h:1', 'is not an address object.'],
  ])('typed, with %s', (_what, value, refusal) => {
    expect(refusalOf(() => fromSocketAddress(value, strict))).toContain(refusal);
  });

  test.each<[string, JsonValue, string]>([
    ['two channels', [channel({}), channel({})], 'is not exactly one channel.'],
    ['the channel of a cpr migration', channel({ 'channel-type': 'cpr' }), 'is not the main channel.'],
    ['a program', channel({ addr: { transport: 'exec', args: ['sh'] } }), 'is not a socket.'],
  ])('channels with %s', (_what, value, refusal) => {
    expect(refusalOf(() => fromMigrationChannel(value, strict))).toContain(refusal);
  });

  test.each([
    ['nbd://host-b/disk?mptcp=on', 'has options, which QEMU does not take in an NBD URI.'],
    ['nbd+unix:///disk', 'names no unix socket.'],
    ['nbd://host-b/%zz', 'has a broken percent escape.'],
    ['nbd://host-b/disk#1', 'is no NBD URI.'],
    ['nbd://host-b:99999999999/disk', 'has no usable host and port.'],
    ['nbd://host-b,mptcp=on/disk', 'has no usable host and port.'],
  ])('the NBD server %s', (text, refusal) => {
    expect(refusalOf(() => parseNbd(text))).toContain(refusal);
  });
});

test('what a newer QEMU says beside the address is ignored', () => {
  const said = { type: 'inet', host: '0.0.0.0', port: '45331', 'of-tomorrow': 1 };
  expect(fromSocketAddress(said, { unknownMembers: 'ignore' })).toEqual(inet('0.0.0.0', 45_331));
});

describe('for the QEMU at hand', () => {
  const listener = inet('::', 0, { mptcp: true });

  test('it is a string before 8.2, always with =on', () => {
    expect(migrationTarget(listener, 'listen', qemu72)).toEqual({ uri: 'tcp:[::]:0,mptcp=on' });
  });

  test('it is typed from 8.2 on', () => {
    expect(migrationTarget(listener, 'listen', qemu82)).toEqual({
      channels: [
        {
          'channel-type': 'main',
          addr: { transport: 'socket', type: 'inet', host: '::', port: '0', mptcp: true },
        },
      ],
    });
  });

  test('a recovery is a string in each', () => {
    expect(migrationUri(inet('10.0.0.2', 4444, { mptcp: true }), 'connect', qemu101)).toBe(
      'tcp:10.0.0.2:4444,mptcp=on',
    );
  });

  test('mptcp=off is left out where it is not known', () => {
    const dialect = { ...qemu72, mptcp: false };
    expect(migrationUri(inet('h', 1, { mptcp: false }), 'connect', dialect)).toBe('tcp:h:1');
  });

  test.each<[string, Address, AddressDialect, 'listen' | 'connect', string]>([
    [
      'mptcp where it is not known',
      inet('h', 1, { mptcp: true }),
      { ...qemu72, mptcp: false },
      'connect',
      'asks for mptcp, which this QEMU does not know.',
    ],
    ['connecting to a range', inet('h', 1, { to: 2 }), qemu72, 'connect', 'has a range of ports to connect to.'],
    ['connecting to port 0', inet('h', 0), qemu72, 'connect', 'has no port to connect to.'],
    ['connecting without a host', inet('', 1), qemu72, 'connect', 'has no host to connect to.'],
    [
      'a listener with keep-alive before 10.1',
      inet('h', 1, { keepAlive: true }),
      qemu82,
      'listen',
      'asks a listener for keep-alive',
    ],
    [
      'keep-alive numbers before 10.1',
      inet('h', 1, { keepAliveCount: 3 }),
      qemu82,
      'connect',
      'has keep-alive numbers',
    ],
    [
      'an abstract socket as a string',
      { type: 'unix', path: 'a', abstract: true },
      qemu72,
      'listen',
      'is an abstract unix socket, which the address strings of this QEMU cannot express.',
    ],
    ['numeric as a string before 10.1', inet('h', 1, { numeric: true }), qemu72, 'connect', 'has the option numeric'],
    [
      'a long host as a string before 10.1',
      inet('h'.repeat(65), 1),
      qemu72,
      'connect',
      'has a host of more than 64 letters',
    ],
    ['an impossible port', inet('h', -1), qemu72, 'connect', 'has no usable port: -1.'],
  ])('%s is refused', (_what, value, dialect, role, refusal) => {
    expect(refusalOf(() => migrationTarget(value, role, dialect))).toContain(refusal);
  });

  test('an NBD server is nested, its client flat, both with mptcp', () => {
    const value = inet('10.0.0.2', 10_809, { mptcp: true });
    expect([nbdServerAddress(value, qemu72), nbdClientAddress(value, qemu72)]).toEqual([
      { type: 'inet', data: { host: '10.0.0.2', port: '10809', mptcp: true } },
      { type: 'inet', host: '10.0.0.2', port: '10809', mptcp: true },
    ]);
  });

  test('an NBD URI cannot carry mptcp and says so', () => {
    const value = { address: inet('h', 1, { mptcp: true }), exportName: '', tls: false };
    expect(refusalOf(() => printNbdUri(value))).toContain('has members that an NBD URI cannot express.');
  });
});

function channel(members: { readonly [name: string]: JsonValue }): JsonValue {
  return {
    'channel-type': 'main',
    addr: { transport: 'socket', type: 'inet', host: 'h', port: '1' },
    ...members,
  };
}
