import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fromMigrationChannel,
  fromSocketAddress,
  fromSocketAddressLegacy,
  migrationTarget,
  parseDottedAddress,
  parseIncoming,
  parseMigrationUri,
  parseNbd,
  printDottedAddress,
  printMigrationUri,
  printNbdUri,
  toMigrationChannel,
  toSocketAddress,
  toSocketAddressLegacy,
  type Address,
  type FdAddress,
  type InetAddress,
  type UnixAddress,
  type VsockAddress,
} from '#main/qmp/address.ts';
import { parseJson, printJson, type JsonValue } from '#main/qmp/json.ts';
import { refusalOf } from '#main/qmp/testing/refusal-of.ts';

const strict = { unknownMembers: 'refuse' } as const;

function record<T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const port = fc.integer({ min: 0, max: 65_535 });
const count = fc.integer({ min: 0, max: 0xffff_ffff });
const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,30}$/);

const inetAddress: fc.Arbitrary<InetAddress> = fc
  .tuple(
    record({
      type: fc.constant('inet' as const),
      host: fc.oneof(fc.constantFrom('', '0', '::', '::1', 'fe80::1%eth1', '0.0.0.0'), fc.ipV4(), fc.ipV6(), name),
      port,
    }),
    fc.record(
      {
        to: port,
        ipv4: fc.boolean(),
        ipv6: fc.boolean(),
        numeric: fc.boolean(),
        keepAlive: fc.boolean(),
        keepAliveCount: count,
        keepAliveIdleSeconds: count,
        keepAliveIntervalSeconds: count,
        mptcp: fc.boolean(),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  )
  .map(([required, options]) => ({ ...required, ...options }))
  .filter(
    ({ host, port: from, to, ipv4, ipv6 }) =>
      (to === undefined || to >= from) &&
      !(ipv4 === false && ipv6 === false) &&
      !(host.includes(':') && ipv6 === false),
  );

const path = fc
  .stringMatching(/^\/[ -~é]{0,60}$/)
  .filter((text) => !text.includes('//') && !/\/\.{0,2}(?:\/|$)/.test(text) && text !== '/');

const unixAddress: fc.Arbitrary<UnixAddress> = path.map((text) => ({ type: 'unix', path: text }));

const abstractAddress: fc.Arbitrary<UnixAddress> = fc
  .tuple(fc.stringMatching(/^[ -~]{1,100}$/), fc.option(fc.boolean(), { nil: undefined }))
  .map(([text, tight]) => ({ type: 'unix', path: text, abstract: true, ...(tight === undefined ? {} : { tight }) }));

const vsockAddress: fc.Arbitrary<VsockAddress> = record({
  type: fc.constant('vsock' as const),
  cid: count,
  port: count,
});

const fdAddress: fc.Arbitrary<FdAddress> = record({
  type: fc.constant('fd' as const),
  name: fc.oneof(fc.nat().map(String), fc.stringMatching(/^[a-z_][ -~]{0,20}$/)),
});

/** Those that have a string form. */
const address: fc.Arbitrary<Address> = fc.oneof(inetAddress, unixAddress, vsockAddress, fdAddress);

const anyAddress: fc.Arbitrary<Address> = fc.oneof(address, abstractAddress);

/** What QEMU gets to read. */
const overTheWire = (value: unknown): JsonValue => parseJson(printJson(value));

function listening(value: string): Address | undefined {
  const incoming = parseIncoming(value);
  return incoming.kind === 'listening' ? incoming.address : undefined;
}

describe('what is printed is read back the same', () => {
  test.each<[string, fc.Arbitrary<Address>, (value: Address) => Address | undefined]>([
    ['as a string', address, (value) => parseMigrationUri(printMigrationUri(value))],
    ['as -incoming', address, (value) => listening(printMigrationUri(value))],
    ['as -incoming in JSON', anyAddress, (value) => listening(JSON.stringify(toMigrationChannel(value)))],
    [
      'as -incoming with dots',
      anyAddress,
      (value) => listening(`channel-type=main,addr.transport=socket,${printDottedAddress('addr', value)}`),
    ],
    ['as a SocketAddress', anyAddress, (value) => fromSocketAddress(overTheWire(toSocketAddress(value)), strict)],
    [
      'as a SocketAddressLegacy',
      anyAddress,
      (value) => fromSocketAddressLegacy(overTheWire(toSocketAddressLegacy(value)), strict),
    ],
    ['as channels', anyAddress, (value) => fromMigrationChannel(overTheWire([toMigrationChannel(value)]), strict)],
    [
      'with dots',
      anyAddress,
      (value) => parseDottedAddress('server', `driver=nbd,${printDottedAddress('server', value)}`),
    ],
  ])('%s', (_form, values, roundTrip) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(roundTrip(value)).toStrictEqual(value);
      }),
    );
  });

  test('as an NBD URI, where it has a host and a port only', () => {
    const plain = inetAddress.map(({ type, host, port: number }) => ({ type, host, port: number }));
    const exported = record({
      address: fc.oneof(plain, unixAddress),
      exportName: fc.string({ unit: 'grapheme' }),
      tls: fc.boolean(),
    });
    fc.assert(
      fc.property(exported, (value) => {
        expect(parseNbd(printNbdUri(value))).toStrictEqual(value);
      }),
    );
  });
});

test('any text at all is read or refused with what to do', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(?:tcp|unix|fd|nbd|\{|addr\.):?[ -~]*$/)), (text) => {
      for (const read of [parseMigrationUri, parseIncoming, parseNbd])
        expect(refusalOf(() => read(text))).toMatch(/^accepted|^The address .*\. .+$/);
    }),
  );
});

test('what a QEMU is sent reads as the same address', () => {
  const qemu101 = { mptcp: true, keepAliveTuning: true, channels: true };
  const qemu82 = { ...qemu101, keepAliveTuning: false };
  fc.assert(
    fc.property(anyAddress, fc.constantFrom(qemu82, qemu101), (value, dialect) => {
      fc.pre(refusalOf(() => migrationTarget(value, 'listen', dialect)).startsWith('accepted'));
      const { channels } = migrationTarget(value, 'listen', dialect);
      expect(channels && fromMigrationChannel(overTheWire(channels), strict)).toStrictEqual(value);
    }),
  );
});
