import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIpAddress } from '#native/ip-address.ts';
import { Attributes, encode } from './attributes.ts';
import { decodeEndpoint, encodeEndpoint, type EndpointFlag } from './mptcp-endpoint.ts';
import { NetlinkError } from './netlink-error.ts';

const allFlags: readonly EndpointFlag[] = ['signal', 'subflow', 'backup', 'fullmesh', 'implicit', 'laminar'];
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
// Not IPv4-mapped: those are read as the IPv4 addresses they stand for.
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).filter((bytes) => bytes[0] !== 0);

describe('an endpoint', () => {
  test('comes back as it was put in', () => {
    const endpoints = fc.record({
      id: fc.integer({ min: 1, max: 255 }),
      address: fc.oneof(ipv4, ipv6).map((bytes) => formatIpAddress(Buffer.from(bytes))),
      port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      interfaceIndex: fc.option(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { nil: undefined }),
      flags: fc.subarray([...allFlags]),
      unnamedFlagBits: fc.integer({ min: 0, max: 2 ** 26 - 1 }).map((bits) => bits * 64),
    });
    fc.assert(
      fc.property(endpoints, (endpoint) => {
        expect(decodeEndpoint(Attributes.decode(Buffer.concat(encodeEndpoint(endpoint))))).toEqual(endpoint);
      }),
    );
  });

  test('writes its port in host order', () => {
    expect(encodeEndpoint({ port: 7777 })).toEqual([Buffer.from('06000500611e0000', 'hex')]);
  });

  test.each([
    [3, '0a000001', '10.0.0.1'],
    [4, 'fe800000000000000000000000000001', 'fe80::1'],
  ])('has the rest by default: address attribute %i', (type, bytes, address) => {
    expect(decodeEndpoint(Attributes.decode(encode.bytes(type, Buffer.from(bytes, 'hex'))))).toEqual({
      id: 0,
      address,
      port: undefined,
      interfaceIndex: undefined,
      flags: [],
      unnamedFlagBits: 0,
    });
  });

  test('is encoded as far as it is given', () => {
    expect(encodeEndpoint({ address: '10.0.0.1', flags: ['signal'] })).toEqual([
      encode.u16(1, 2),
      encode.bytes(3, Buffer.from([10, 0, 0, 1])),
      encode.u32(6, 1),
    ]);
    expect(encodeEndpoint({ id: 7, interfaceIndex: 3, address: '::1' })).toEqual([
      encode.u16(1, 10),
      encode.bytes(4, Buffer.from('00000000000000000000000000000001', 'hex')),
      encode.u8(2, 7),
      encode.s32(7, 3),
    ]);
  });

  test('without an address is malformed', () => {
    expect(() => decodeEndpoint(Attributes.decode(encode.u8(2, 1)))).toThrow(NetlinkError);
  });
});
