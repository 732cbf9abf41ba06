import type { Guest, HostFacts } from '#contract/host.ts';
import { formatBitsPerSecond, formatBytes } from '#contract/units.ts';
import type { Command } from '#main/cli/context.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { printJson } from '#main/cli/console.ts';
import { table } from '#main/cli/view/table.ts';

interface InventoryOptions {
  readonly json?: boolean;
}

export function hosts({ json }: InventoryOptions): Command {
  return async ({ application, console }) => {
    const found = await (await application()).hosts();
    if (json === true) printJson(console, found);
    else console.out(table(['Host', 'Kernel', 'QEMU', 'MPTCP', 'Memory free', 'Interfaces'], found.map(hostRow)));
    return exitCode.done;
  };
}

export function guests(host: string | undefined, { json }: InventoryOptions): Command {
  return async ({ application, console }) => {
    const found = await (await application()).guests(host);
    if (json === true) printJson(console, found);
    else if (found.length === 0) console.out('No QEMU guest runs here. `switchyard lab up` makes one to play with.');
    else console.out(table(['Guest', 'Host', 'Memory', 'Accelerator', 'Process', 'Monitor'], found.map(guestRow)));
    return exitCode.done;
  };
}

function hostRow({ id, kernel, qemu, mptcp, memoryAvailableBytes, interfaces }: HostFacts): string[] {
  return [
    id,
    kernel,
    qemu ? `${qemu.version}${qemu.mptcp ? '' : ' (without mptcp)'}` : 'none',
    mptcp.usable ? `on, ${mptcp.endpoints.length} endpoints` : `off: ${mptcp.reason ?? 'unknown reason'}`,
    formatBytes(memoryAvailableBytes),
    interfaces
      .map(({ name, addresses, up, carrier, speedBitsPerSecond }) => {
        const speed = speedBitsPerSecond === undefined ? '' : ` ${formatBitsPerSecond(speedBitsPerSecond)}`;
        const state = up && carrier ? '' : ' (no link)';
        return `${name} ${addresses[0]?.address ?? 'no address'}${speed}${state}`;
      })
      .join(', '),
  ];
}

function guestRow(guest: Guest): string[] {
  return [
    guest.name,
    guest.hostId,
    guest.memoryBytes === undefined ? '-' : formatBytes(guest.memoryBytes),
    guest.accelerator ?? '-',
    String(guest.identity.pid),
    guest.waiting ? 'waits for a migration' : (guest.monitorPath ?? 'none: cannot be migrated'),
  ];
}
