import type { Guest, HostFacts } from '#contract/host.ts';

/** Hosts and guests of an ordinary rack, for tests that care about a few of their members. */

export function host(id: string, changes: Partial<HostFacts> = {}): HostFacts {
  return {
    id,
    kind: 'namespace',
    hostname: id,
    kernel: '6.12.9',
    bootId: 'b1',
    memoryAvailableBytes: 64 * 2 ** 30,
    interfaces: [],
    mptcp: { usable: true, sysctls: {}, endpoints: [], counters: {} },
    qemu: { binary: '/usr/bin/qemu-system-x86_64', version: '9.2.4', mptcp: true },
    ...changes,
  };
}

export function hostOn(id: string, address: string, prefixLength = 24): HostFacts {
  return host(id, {
    interfaces: [
      { name: 'eth0', index: 2, up: true, carrier: true, mtu: 1500, addresses: [{ address, prefixLength }] },
    ],
  });
}

export function guest(name: string, hostId: string, changes: Partial<Guest> = {}): Guest {
  return {
    name,
    hostId,
    identity: { uuid: `uuid-of-${name}`, pid: 4201, startTimeTicks: 1, bootId: 'b1' },
    monitorPath: `/run/${name}.qmp`,
    argv: [],
    memoryBytes: 8 * 2 ** 30,
    waiting: false,
    ...changes,
  };
}
