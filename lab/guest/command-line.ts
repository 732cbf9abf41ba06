import type { Bytes } from '#contract/units.ts';
import { parseCommandLine, valuesOf } from '#main/hosts/command-line/command-line.ts';
import { describeGuest } from '#main/hosts/command-line/description.ts';
import { escapeCommas, optionValue, parseOptionList } from '#main/hosts/command-line/option-list.ts';

export const qemuProgram = 'qemu-system-x86_64';

export interface GuestCommand {
  readonly name: string;
  readonly uuid: string;
  /** Whole KiB. */
  readonly memoryBytes: Bytes;
  readonly image: string;
  readonly monitor: string;
  readonly serial: string;
}

/**
 * QEMU's arguments for the lab's guest. The image is a read-only floppy: it takes no lock, so that nothing but the
 * discipline of the one that moves the guest stands between it and two running copies.
 */
export function guestCommandLine({ name, uuid, memoryBytes, image, monitor, serial }: GuestCommand): string[] {
  const options = [
    ['-name', `${name},process=${name.slice(0, 15)}`],
    ['-uuid', uuid],
    ['-machine', 'pc'],
    ['-accel', 'tcg'],
    ['-m', `${memoryBytes / 1024}K`],
    ['-no-user-config'],
    ['-nodefaults'],
    ['-display', 'none'],
    ['-qmp', `unix:${escapeCommas(monitor)},server=on,wait=off`],
    ['-serial', `file:${escapeCommas(serial)}`],
    ['-drive', `file=${escapeCommas(image)},if=floppy,format=raw,readonly=on`],
    ['-boot', 'order=a'],
  ];
  return [qemuProgram, ...options.flat()];
}

/** What the lab must know of a copy of its guest, read from the command line of the QEMU that carries it. */
export interface GuestArguments {
  readonly name: string;
  readonly uuid: string | undefined;
  readonly memoryBytes: Bytes | undefined;
  readonly monitor: string | undefined;
  readonly serial: string | undefined;
  readonly image: string | undefined;
  /** Was started to receive a migration. */
  readonly incoming: boolean;
}

/** `undefined` when the process is no QEMU, or has no name. */
export function readGuestArguments(argv: readonly string[]): GuestArguments | undefined {
  if (!/^(.*\/)?(qemu-system-[a-z0-9_]+|qemu-kvm|kvm)$/.test(argv[0] ?? '')) return undefined;
  const { name, uuid, memoryBytes, monitors, incoming } = describeGuest(argv);
  if (name === undefined) return undefined;
  const commandLine = parseCommandLine(argv);
  return {
    name,
    uuid,
    memoryBytes,
    monitor: monitors.find((monitor) => monitor.kind === 'unix-server')?.path,
    serial: valuesOf(commandLine, 'serial')
      .map(serialFile)
      .find((path) => path !== undefined),
    image: valuesOf(commandLine, 'drive')
      .map(floppyFile)
      .find((path) => path !== undefined),
    incoming: incoming !== undefined,
  };
}

function serialFile(value: string): string | undefined {
  return value.startsWith('file:') ? value.slice('file:'.length).replaceAll(',,', ',') : undefined;
}

function floppyFile(value: string): string | undefined {
  const items = parseOptionList(value);
  return optionValue(items, 'if') === 'floppy' ? optionValue(items, 'file') : undefined;
}
