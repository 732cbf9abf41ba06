import type { Guest, HostFacts, NetworkInterface } from '#contract/host.ts';
import type { LeftOutPair, Path } from '#contract/migration.ts';
import type { PathChoice } from '#contract/path-choice.ts';

/** Six hosts of a small rack and what runs on them, as `hosts.list` and `guests.list` would answer. */

const gibibyte = 2 ** 30;

interface Wire {
  readonly name: string;
  readonly network: string;
  readonly speedBitsPerSecond: number;
  readonly mtu: number;
}

const wires: readonly Wire[] = [
  { name: 'eth0', network: '10.0.0', speedBitsPerSecond: 10e9, mtu: 9000 },
  { name: 'eth1', network: '10.0.1', speedBitsPerSecond: 10e9, mtu: 9000 },
  { name: 'eth2', network: '172.16.9', speedBitsPerSecond: 2.5e9, mtu: 1500 },
];

interface HostWish {
  readonly number: number;
  readonly freeGibibytes: number;
  readonly wires?: number;
  readonly without?: 'qemu' | 'mptcp';
}

function host({ number, freeGibibytes, wires: count = 3, without }: HostWish): HostFacts {
  const id = `hv-${String(number).padStart(2, '0')}`;
  const interfaces = wires
    .slice(0, count)
    .map(({ name, network, speedBitsPerSecond, mtu }, index): NetworkInterface => ({
      name,
      index: index + 2,
      up: true,
      carrier: true,
      mtu,
      speedBitsPerSecond,
      addresses: [{ address: `${network}.${number}`, prefixLength: 24 }],
    }));
  return {
    id,
    kind: 'namespace',
    hostname: id,
    kernel: '6.12.9',
    bootId: `b007${number}`,
    memoryAvailableBytes: freeGibibytes * gibibyte,
    interfaces,
    mptcp: {
      ...(without === 'mptcp'
        ? { usable: false, reason: 'net.mptcp.enabled is 0.', remedy: 'sysctl -w net.mptcp.enabled=1' }
        : { usable: true }),
      sysctls: { 'mptcp/enabled': without === 'mptcp' ? '0' : '1', 'mptcp/stale_loss_cnt': '4' },
      endpoints: interfaces.slice(1).map(({ name, addresses: [first] }, index) => ({
        id: index + 1,
        address: first?.address ?? '',
        interface: name,
        flags: ['signal'],
      })),
      limits: { subflows: 2, addAddrAccepted: 2 },
      counters: {},
    },
    ...(without === 'qemu' ? {} : { qemu: { binary: '/usr/bin/qemu-system-x86_64', version: '9.2.4', mptcp: true } }),
  };
}

export const hosts: readonly HostFacts[] = [
  host({ number: 3, freeGibibytes: 96 }),
  host({ number: 4, freeGibibytes: 120 }),
  host({ number: 7, freeGibibytes: 212 }),
  host({ number: 9, freeGibibytes: 97, without: 'mptcp' }),
  host({ number: 2, freeGibibytes: 31, wires: 1 }),
  host({ number: 11, freeGibibytes: 480, without: 'qemu' }),
];

interface GuestWish {
  readonly name: string;
  readonly hostId: string;
  readonly gibibytes: number;
  readonly pid: number;
  readonly without?: 'monitor';
  /** Started by hand to receive a guest: its `-incoming`. */
  readonly incoming?: string;
}

function guest({ name, hostId, gibibytes, pid, without, incoming }: GuestWish): Guest {
  return {
    name,
    hostId,
    identity: { uuid: `6c7a1d3e-3b8f-4a51-9d4e-52f1a2c3${pid}`, pid, startTimeTicks: pid * 100, bootId: 'b007' },
    ...(without === 'monitor' ? {} : { monitorPath: `/run/guests/${name}.qmp` }),
    argv: ['qemu-system-x86_64', '-name', name, '-machine', 'q35', '-m', `${gibibytes}G`],
    memoryBytes: gibibytes * gibibyte,
    accelerator: 'kvm',
    machine: 'pc-q35-9.2',
    user: { uid: 64_055, name: 'libvirt-qemu' },
    waiting: incoming !== undefined,
    ...(incoming === undefined ? {} : { incoming }),
  };
}

export const guests: readonly Guest[] = [
  guest({ name: 'db-primary', hostId: 'hv-03', gibibytes: 64, pid: 4201 }),
  guest({ name: 'web-11', hostId: 'hv-03', gibibytes: 8, pid: 4202 }),
  guest({ name: 'win-ad', hostId: 'hv-03', gibibytes: 16, pid: 4203, without: 'monitor' }),
  guest({ name: 'cache-2', hostId: 'hv-04', gibibytes: 32, pid: 4204 }),
  guest({ name: 'db-standby', hostId: 'hv-07', gibibytes: 64, pid: 4205, incoming: 'tcp:0:4444' }),
];

/** The paths that the operator leaves, the first first, and why the others are not used. */
export function chosenPaths(
  source: HostFacts,
  destination: HostFacts,
  choice: PathChoice | undefined,
): { paths: Path[]; leftOut: LeftOutPair[] } {
  const all = pathsBetween(source, destination);
  const isExcluded = ({ sourceInterface }: Path): boolean => choice?.without?.includes(sourceInterface) === true;
  const isFirst = ({ sourceInterface }: Path): boolean => sourceInterface === choice?.first;
  return {
    paths: all
      .filter((path) => !isExcluded(path))
      .toSorted((one, other) => Number(isFirst(other)) - Number(isFirst(one))),
    leftOut: [
      {
        sourceInterface: 'docker0',
        sourceAddress: '172.17.0.1',
        reason: 'bridge-without-port',
        text: `docker0 of ${source.id} has no port that leads out of the host.`,
      },
      ...all.filter(isExcluded).map((path) => ({
        ...path,
        reason: 'excluded-by-operator' as const,
        text: `${path.sourceInterface} is excluded by the choice of paths.`,
      })),
    ],
  };
}

/** The pairs of interfaces on common networks. */
function pathsBetween(source: HostFacts, destination: HostFacts): Path[] {
  return source.interfaces.flatMap((near) => {
    const far = destination.interfaces.find(({ name }) => name === near.name);
    const [from, to] = [near.addresses[0]?.address, far?.addresses[0]?.address];
    if (!far || from === undefined || to === undefined) return [];
    return {
      sourceInterface: near.name,
      sourceAddress: from,
      destinationInterface: far.name,
      destinationAddress: to,
      ...(near.speedBitsPerSecond === undefined ? {} : { speedBitsPerSecond: near.speedBitsPerSecond }),
      mtu: near.mtu,
    };
  });
}
