import type { Guest, HostFacts, NetworkInterface } from '#contract/host.ts';
import { formatBitsPerSecond, formatBytes } from '#contract/units.ts';
import { plainText } from '#contract/plain-text.ts';
import { table } from './table.ts';

/** Hosts, each with its interfaces below it; what cannot be used stays visible, with the reason and what fixes it. */
export function hostLines(hosts: readonly HostFacts[]): string {
  const [header = '', ...rows] = table(['Host', 'Kernel', 'QEMU', 'MPTCP', 'Memory free'], hosts.map(hostCells)).split(
    '\n',
  );
  return [
    header,
    ...hosts.flatMap((host, index) => [rows[index] ?? '', ...remedies(host), ...interfaceLines(host)]),
  ].join('\n');
}

function hostCells({ id, kernel, qemu, mptcp, memoryAvailableBytes }: HostFacts): string[] {
  return [
    id,
    kernel,
    qemu ? `${qemu.version}${qemu.mptcp ? '' : ' (without mptcp)'}` : 'none',
    mptcp.usable ? counted(mptcp.endpoints.length, 'endpoint') : 'off',
    formatBytes(memoryAvailableBytes),
  ];
}

function remedies({ mptcp, qemu }: HostFacts): string[] {
  return [
    ...(mptcp.usable ? [] : [`  MPTCP is off: ${plainText(mptcp.reason ?? 'the kernel gives no reason')}`]),
    ...(mptcp.remedy === undefined ? [] : [`    ${plainText(mptcp.remedy)}`]),
    ...(qemu ? [] : ['  No QEMU was found: it can be a source, and no destination.']),
  ];
}

function interfaceLines({ interfaces }: HostFacts): string[] {
  if (interfaces.length === 0) return ['  no network interface'];
  return table(['', '', '', '', ''], interfaces.map(interfaceCells))
    .split('\n')
    .slice(1)
    .map((line) => `  ${line}`);
}

function interfaceCells(each: NetworkInterface): string[] {
  const { name, addresses, speedBitsPerSecond, mtu } = each;
  return [
    name,
    addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`).join(' ') || 'no address',
    speedBitsPerSecond === undefined ? 'speed unknown' : formatBitsPerSecond(speedBitsPerSecond),
    `MTU ${mtu}`,
    stateOf(each),
  ];
}

function stateOf({ up, carrier }: NetworkInterface): string {
  if (!up) return 'down';
  return carrier ? '' : 'no carrier';
}

/** Guests of one or more hosts; one that cannot be moved says why. */
export function guestLines(guests: readonly Guest[]): string {
  return table(['Guest', 'Host', 'User', 'Memory', 'Accelerator', 'Process', 'Monitor'], guests.map(guestCells));
}

function guestCells(guest: Guest): string[] {
  return [
    guest.name,
    guest.hostId,
    guest.user ? (guest.user.name ?? String(guest.user.uid)) : '-',
    guest.memoryBytes === undefined ? '-' : formatBytes(guest.memoryBytes),
    guest.accelerator ?? '-',
    String(guest.identity.pid),
    stateOfGuest(guest),
  ];
}

function stateOfGuest({ obstacle, waiting, incoming, monitorPath }: Guest): string {
  if (obstacle) return `cannot be moved: ${plainText(obstacle.text)}`;
  if (waiting) return `waits for a migration${incoming === undefined ? '' : ` (-incoming ${plainText(incoming)})`}`;
  return monitorPath ?? 'cannot be moved: no QMP socket (-qmp unix:PATH,server=on,wait=off)';
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
