import type { Guest, HostFacts, QemuIdentity } from '#contract/host.ts';
import { defaultSettings, type MigrationSettings, type Path, type Plan } from '#contract/migration.ts';

/** Hosts, guests and plans as the tests of this room need them: small, valid, and the same each time. */

export function factsOf(id: string, address: string): HostFacts {
  return {
    id,
    kind: 'namespace',
    hostname: id,
    kernel: '6.18.0',
    bootId: `boot-of-${id}`,
    memoryAvailableBytes: 2 ** 33,
    interfaces: [
      {
        name: 'eth1',
        index: 2,
        up: true,
        carrier: true,
        mtu: 1500,
        speedBitsPerSecond: 1e9,
        addresses: [{ address, prefixLength: 24 }],
      },
    ],
    mptcp: {
      usable: true,
      sysctls: { 'mptcp/enabled': '1', 'mptcp/stale_loss_cnt': '4' },
      endpoints: [],
      limits: { subflows: 2, addAddrAccepted: 2 },
      counters: {},
    },
    qemu: { binary: '/usr/bin/qemu-system-x86_64', version: '7.2.22', mptcp: true },
  };
}

export function guestNamed(hostId: string, identity: QemuIdentity, monitorPath: string): Guest {
  return {
    name: 'web1',
    hostId,
    identity,
    monitorPath,
    argv: ['/usr/bin/qemu-system-x86_64', '-name', 'web1'],
    memoryBytes: 64 * 2 ** 20 - 8192,
    accelerator: 'tcg',
    waiting: false,
  };
}

export function planOf(parts: {
  readonly id: string;
  readonly guest: Guest;
  readonly guestWasRunning: boolean;
  readonly source: HostFacts;
  readonly destination: HostFacts;
  readonly settings?: Partial<MigrationSettings>;
  readonly preparation?: Plan['preparation'];
  /** How many links there are between the two, each with an address of its own at either end; one where it is left out. */
  readonly links?: number;
}): Plan {
  const { settings, preparation, links = 1, ...rest } = parts;
  return {
    ...rest,
    settings: { ...defaultSettings, ...settings },
    paths: Array.from({ length: links }, (_, index) => pathBetween(parts.source, parts.destination, index + 1)),
    preparation: preparation ?? { source: [], destination: [] },
    checks: [],
    user: 'operator',
    versions: { switchyard: '0.1.0' },
  };
}

/** The path over one of their links. */
export function pathBetween(source: HostFacts, destination: HostFacts, link: number): Path {
  return {
    sourceInterface: `eth${link}`,
    sourceAddress: addressOn(link, addressOf(source)),
    destinationInterface: `eth${link}`,
    destinationAddress: addressOn(link, addressOf(destination)),
    speedBitsPerSecond: 1e9,
    mtu: 1500,
  };
}

/** Of the same machine on another link: `10.0.2.1` instead of `10.0.1.1`. */
export function addressOn(link: number, address: string): string {
  return address.replace(/^10\.0\.\d+\./, `10.0.${link}.`);
}

function addressOf(host: HostFacts): string {
  return host.interfaces[0]?.addresses[0]?.address ?? '127.0.0.1';
}
