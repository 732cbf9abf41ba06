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

  test('without an address is malformed', () => {
    expect(() => decodeEndpoint(Attributes.decode(encode.u8(2, 1)))).toThrow(NetlinkError);
  });
});
