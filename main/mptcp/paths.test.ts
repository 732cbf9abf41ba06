import { expect, test } from 'vitest';
import type { HostFacts, NetworkInterface } from '#contract/host.ts';
import { pathsBetween } from './paths.ts';

function host(id: string, ...interfaces: NetworkInterface[]): HostFacts {
  return {
    id,
    kind: 'namespace',
    hostname: id,
    kernel: '6.18.0',
    bootId: 'boot',
    memoryAvailableBytes: 0,
    interfaces,
    mptcp: { usable: true, sysctls: {}, endpoints: [], counters: {} },
  };
}

function port(name: string, address: string, more: Partial<NetworkInterface> = {}): NetworkInterface {
  return {
    name,
    index: 1,
    up: true,
    carrier: true,
    mtu: 1500,
    addresses: [{ address, prefixLength: address.includes(':') ? 64 : 24 }],
    ...more,
  };
}

const names = (paths: ReturnType<typeof pathsBetween>): string[] =>
  paths.map((path) => `${path.sourceInterface} ${path.destinationInterface}`);

test('pairs interfaces that share a subnet, the fastest first, at the slower end', () => {
  const source = host(
    'a',
    port('eth1', '10.0.1.1', { speedBitsPerSecond: 1e9 }),
    port('eth2', '10.0.2.1', { speedBitsPerSecond: 1e10, mtu: 9000 }),
  );
  const destination = host(
    'b',
    port('eth8', '10.0.2.2', { speedBitsPerSecond: 5e9 }),
    port('eth9', '10.0.1.2', { speedBitsPerSecond: 1e9 }),
  );
  expect(pathsBetween(source, destination)).toEqual([
    {
      sourceInterface: 'eth2',
      sourceAddress: '10.0.2.1',
      destinationInterface: 'eth8',
      destinationAddress: '10.0.2.2',
      speedBitsPerSecond: 5e9,
      mtu: 1500,
    },
    {
      sourceInterface: 'eth1',
      sourceAddress: '10.0.1.1',
      destinationInterface: 'eth9',
      destinationAddress: '10.0.1.2',
      speedBitsPerSecond: 1e9,
      mtu: 1500,
    },
  ]);
});

test('leaves out what has no carrier, is down, or shares no subnet', () => {
  const source = host(
    'a',
    port('eth1', '10.0.1.1', { carrier: false }),
    port('eth2', '10.0.2.1', { up: false }),
    port('eth3', '10.0.3.1'),
  );
  const destination = host('b', port('eth1', '10.0.1.2'), port('eth2', '10.0.2.2'), port('eth3', '10.9.3.2'));
  expect(pathsBetween(source, destination)).toEqual([]);
});

test('uses no port twice, though both ends share one subnet', () => {
  const source = host('a', port('eth1', '10.0.1.1'), port('eth2', '10.0.1.3'));
  const destination = host('b', port('eth1', '10.0.1.2'));
  expect(names(pathsBetween(source, destination))).toEqual(['eth1 eth1']);
});

test('pairs IPv6, and never by link-local addresses', () => {
  const source = host('a', port('eth1', 'fe80::1'), port('eth2', 'fd00:2::1'));
  const destination = host('b', port('eth1', 'fe80::2'), port('eth2', 'fd00:2::2'));
  expect(names(pathsBetween(source, destination))).toEqual(['eth2 eth2']);
});
