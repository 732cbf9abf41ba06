import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import type { HostFacts } from '#contract/host.ts';
import type { Bytes } from '#contract/units.ts';
import { readInterfaces } from './facts/interfaces.ts';
import { readMptcpFacts } from './facts/mptcp.ts';
import { readQemuFacts } from './facts/qemu.ts';
import type { NetworkPlace } from './network-place.ts';
import { readBootId } from './process/identity.ts';

/** Everything that a host reports about itself, read now; only its QEMU's answers are remembered. */
export async function readFacts(id: string, place: NetworkPlace): Promise<HostFacts> {
  const interfaces = await readInterfaces(place.namespace);
  const inUse = interfaces.filter(({ up, addresses }) => up && addresses.length > 0).map(({ name }) => name);
  const interfaceNames = new Map(interfaces.map(({ index, name }) => [index, name]));
  const qemu = await readQemuFacts();
  return {
    id,
    kind: place.kind,
    hostname: hostname(),
    kernel: release(),
    bootId: readBootId(),
    memoryAvailableBytes: parseAvailableMemory(readFileSync('/proc/meminfo', 'utf8')),
    interfaces,
    mptcp: await readMptcpFacts(place, interfaceNames, inUse),
    ...(qemu === undefined ? {} : { qemu }),
  };
}

/** MemAvailable of /proc/meminfo (proc_meminfo(5), Linux 3.14), which is in KiB. */
export function parseAvailableMemory(meminfo: string): Bytes {
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0) * 1024;
}
