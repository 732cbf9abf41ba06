import { describe, expect, test } from 'vitest';
import type { HostFacts, NetworkInterface } from '#contract/host.ts';
import type { ListenerAddress, Path } from '#contract/migration.ts';
import { closeAgainCommand, firewallCommand, reachOf } from './migration-port.ts';
import { factsOf } from './simulation/facts.ts';

const beta: HostFacts = { ...factsOf('beta', '10.0.1.2'), kind: 'local' };
const path: Path = {
  sourceInterface: 'eth1',
  sourceAddress: '10.0.1.1',
  destinationInterface: 'eth1',
  destinationAddress: '10.0.1.2',
  mtu: 1500,
};
const second: Path = { ...path, sourceInterface: 'eth2', sourceAddress: '10.0.2.1', destinationAddress: '10.0.2.2' };
const six: Path = { ...path, sourceAddress: 'fd00::1', destinationAddress: 'fd00::2' };

function withAddresses(addresses: Readonly<Record<string, readonly string[]>>): HostFacts {
  const interfaces = Object.entries(addresses).map(([name, own], index): NetworkInterface => ({
    name,
    index,
    up: true,
    carrier: true,
    mtu: 1500,
    addresses: own.map((address) => ({ address, prefixLength: 24 })),
  }));
  return { ...beta, interfaces };
}

describe('where the port is reached', () => {
  const destination = withAddresses({
    lo: ['127.0.0.1', '::1'],
    eth0: ['198.51.100.7', '2001:db8::7'],
    eth1: ['10.0.1.2'],
    eth2: ['fd00::2'],
  });

  test.each<[string, ListenerAddress | undefined, readonly Path[], readonly string[], boolean]>([
    ['on every IPv4 address', undefined, [path], ['eth0 (198.51.100.7)', 'eth1 (10.0.1.2)'], true],
    [
      'on every address, where the first path is IPv6',
      undefined,
      [six],
      ['eth0 (198.51.100.7, 2001:db8::7)', 'eth1 (10.0.1.2)', 'eth2 (fd00::2)'],
      true,
    ],
    ['on one address', { host: '10.0.1.2', port: 4444 }, [path], ['eth1 (10.0.1.2)'], false],
    ['nowhere, where the address has gone', { host: '10.9.9.9', port: 4444 }, [path], [], false],
  ])('%s', (_where, listener, paths, places, isPublic) => {
    expect(reachOf({ destination, paths, listener })).toEqual({ places, isPublic });
  });

  test('is bounded, on a host with many interfaces', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`veth${index}`, [`10.1.${index}.1`]]));
    const { places } = reachOf({ destination: withAddresses(many), paths: [path], listener: undefined });
    expect([places.length, places.at(-1)]).toEqual([7, '34 more']);
  });

  test.each([
    ['10.0.0.1', false],
    ['172.16.0.1', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['192.169.1.1', true],
    ['100.64.0.1', false],
    ['100.128.0.1', true],
    ['169.254.1.1', false],
    ['8.8.8.8', true],
    ['fe80::1', false],
    ['fd12::1', false],
    ['2600::1', true],
  ])('%s is public: %s', (address, isPublic) => {
    const listener = { host: address, port: 4444 };
    expect(reachOf({ destination: withAddresses({ eth0: [address] }), paths: [path], listener }).isPublic).toBe(
      isPublic,
    );
  });
});

describe('the firewall rule', () => {
  const begin =
    "nft 'add table inet switchyard_migration; delete table inet switchyard_migration; add table inet switchyard_migration; add chain inet switchyard_migration input { type filter hook input priority -10; }";
  const rule = 'add rule inet switchyard_migration input';

  test('admits every path of the source, and no other address, of either family', () => {
    expect(
      firewallCommand({ destination: beta, paths: [path, second], listener: { host: '0.0.0.0', port: 4444 } }),
    ).toBe(
      `${begin}; ${rule} ip saddr != { 10.0.1.1, 10.0.2.1 } tcp dport 4444 drop; ${rule} meta nfproto ipv6 tcp dport 4444 drop'`,
    );
  });

  test('knows a range of ports, and IPv6', () => {
    const listener = { host: '::', port: 4444, lastPort: 4450 };
    expect(firewallCommand({ destination: beta, paths: [six], listener })).toBe(
      `${begin}; ${rule} meta nfproto ipv4 tcp dport 4444-4450 drop; ${rule} ip6 saddr != { fd00::1 } tcp dport 4444-4450 drop'`,
    );
  });

  test('is about the suggested port where the kernel would choose one', () => {
    expect(firewallCommand({ destination: beta, paths: [path], listener: undefined })).toContain('tcp dport 4444 drop');
  });

  test('is typed on the machine of a namespace, and taken away there', () => {
    const destination: HostFacts = { ...beta, kind: 'namespace' };
    expect([
      firewallCommand({ destination, paths: [path], listener: undefined }).slice(0, 24),
      closeAgainCommand(destination),
    ]).toEqual(["ip netns exec beta nft '", 'ip netns exec beta nft delete table inet switchyard_migration']);
  });
});
