import { describe, expect, test } from 'vitest';
import { refusalOf } from '#main/qmp/testing/refusal-of.ts';
import { parseDottedAddress, parseDottedChannel, printDottedAddress } from './dotted.ts';
import { parseIncoming } from './incoming.ts';
import type { Address } from './model.ts';
import { parseNbd, printNbdUri, type NbdExport } from './nbd.ts';
import { fromSocketAddress, fromSocketAddressLegacy, toSocketAddress, toSocketAddressLegacy } from './qapi.ts';
import { suggestion } from './suggest.ts';
import { parseMigrationUri, printMigrationUri } from './uri.ts';

/** One address of each kind in each form; that any of them comes back is a property, beside this file. */

interface Forms {
  readonly address: Address;
  readonly flat: Parameters<typeof fromSocketAddress>[0];
  readonly nested: Parameters<typeof fromSocketAddressLegacy>[0];
  readonly dotted: string;
  /** Where it has one. */
  readonly uri?: string;
}

const forms: readonly Forms[] = [
  {
    address: { type: 'inet', host: '::1', port: 4444, to: 4446, keepAlive: false, mptcp: true },
    flat: { type: 'inet', host: '::1', port: '4444', to: 4446, 'keep-alive': false, mptcp: true },
    nested: { type: 'inet', data: { host: '::1', port: '4444', to: 4446, 'keep-alive': false, mptcp: true } },
    dotted: 's.type=inet,s.host=::1,s.port=4444,s.to=4446,s.keep-alive=off,s.mptcp=on',
    uri: 'tcp:[::1]:4444,to=4446,keep-alive=off,mptcp=on',
  },
  {
    address: { type: 'unix', path: '/run/a,b.sock' },
    flat: { type: 'unix', path: '/run/a,b.sock' },
    nested: { type: 'unix', data: { path: '/run/a,b.sock' } },
    dotted: 's.type=unix,s.path=/run/a,,b.sock',
    uri: 'unix:/run/a,b.sock',
  },
  {
    address: { type: 'unix', path: 'a', abstract: true, tight: false },
    flat: { type: 'unix', path: 'a', abstract: true, tight: false },
    nested: { type: 'unix', data: { path: 'a', abstract: true, tight: false } },
    dotted: 's.type=unix,s.path=a,s.abstract=on,s.tight=off',
  },
  {
    address: { type: 'vsock', cid: 3, port: 4444 },
    flat: { type: 'vsock', cid: '3', port: '4444' },
    nested: { type: 'vsock', data: { cid: '3', port: '4444' } },
    dotted: 's.type=vsock,s.cid=3,s.port=4444',
    uri: 'vsock:3:4444',
  },
  {
    address: { type: 'fd', name: 'migration' },
    flat: { type: 'fd', str: 'migration' },
    nested: { type: 'fd', data: { str: 'migration' } },
    dotted: 's.type=fd,s.str=migration',
    uri: 'fd:migration',
  },
];

describe.each(forms)('$dotted', ({ address, flat, nested, dotted }) => {
  const strict = { unknownMembers: 'refuse' } as const;

  test('is printed in each form', () => {
    expect([toSocketAddress(address), toSocketAddressLegacy(address), printDottedAddress('s', address)]).toEqual([
      flat,
      nested,
      dotted,
    ]);
  });

  test('is read from each form', () => {
    expect([
      fromSocketAddress(flat, strict),
      fromSocketAddressLegacy(nested, strict),
      parseDottedAddress('s', dotted),
    ]).toEqual([address, address, address]);
  });
});

test('all but abstract sockets are strings as well', () => {
  const strings = forms.flatMap(({ address, uri }) => (uri === undefined ? [] : [{ address, uri }]));
  expect([
    strings.map(({ address }) => printMigrationUri(address)),
    strings.map(({ uri }) => parseMigrationUri(uri)),
  ]).toEqual([strings.map(({ uri }) => uri), strings.map(({ address }) => address)]);
});

describe('with dots', () => {
  test('a channel is the main one unless it says so', () => {
    expect(parseDottedChannel('addr.transport=socket,addr.type=fd,addr.str=7')).toEqual({ type: 'fd', name: '7' });
  });

  test.each([
    ['', 'has no s.type. Write s.type=inet'],
    ['driver=nbd,t.type=inet', 'has no s.type.'],
    ['s.type', 'has no known type.'],
    ['s.type=inet,s.host=h,s.port=1,s.mptcp=yes', 'has neither true nor false for mptcp.'],
    ['s.type=inet,s.host=h,s.port=1,s.to=many', 'has no number for to.'],
  ])('%j is refused', (option, refusal) => {
    expect(refusalOf(() => parseDottedAddress('s', option))).toContain(refusal);
  });
});

describe('-incoming', () => {
  const typed = '{"channel-type":"main","addr":{"transport":"socket","type":"vsock","cid":"3","port":"4444"}}';

  test('may wait for its address', () => {
    expect(parseIncoming('defer')).toEqual({ kind: 'defer' });
  });

  test.each([
    'vsock:3:4444',
    typed,
    `[${typed}]`,
    'channel-type=main,addr.transport=socket,addr.type=vsock,addr.cid=3,addr.port=4444',
    'addr.transport=socket,addr.type=vsock,addr.cid=3,addr.port=4444',
  ])('%s', (value) => {
    expect(parseIncoming(value)).toEqual({ kind: 'listening', address: { type: 'vsock', cid: 3, port: 4444 } });
  });

  test('that begins like JSON is nothing else', () => {
    expect(refusalOf(() => parseIncoming('{tcp:0:4444}'))).toContain('begins like JSON and is none.');
  });
});

test.each<[string, NbdExport]>([
  ['nbd://host-b:10809/', { address: { type: 'inet', host: 'host-b', port: 10_809 }, exportName: '', tls: false }],
  ['nbds://[::1]:1/a%20b', { address: { type: 'inet', host: '::1', port: 1 }, exportName: 'a b', tls: true }],
  [
    'nbd+unix:///disk?socket=%2Frun%2Fnbd',
    { address: { type: 'unix', path: '/run/nbd' }, exportName: 'disk', tls: false },
  ],
])('the NBD URI %s', (uri, nbd) => {
  expect([printNbdUri(nbd), parseNbd(uri)]).toEqual([uri, nbd]);
});

test('an abstract socket is no NBD URI', () => {
  const address: Address = { type: 'unix', path: 'a', abstract: true };
  expect(refusalOf(() => printNbdUri({ address, exportName: '', tls: false }))).toContain(
    'members that an NBD URI cannot express',
  );
});

test.each([
  ['ipv', 'ipv4'],
  ['mptpc', 'mptcp'],
  ['nummeric', 'numeric'],
  ['ivp6', 'ipv6'],
  ['colour', undefined],
])('%s probably means %s', (word, meant) => {
  expect(suggestion(word, ['ipv4', 'ipv6', 'numeric', 'mptcp'])).toBe(meant);
});
