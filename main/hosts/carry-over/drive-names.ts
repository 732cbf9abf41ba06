import type { CommandLineOption } from '#main/hosts/command-line/command-line.ts';
import { parseOptionList, optionValue } from '#main/hosts/command-line/option-list.ts';

/** An option that makes a drive, and the name by which `query-block` knows it. */
export interface NamedDrive {
  readonly option: CommandLineOption;
  readonly name: string;
  /** The operator has chosen the name, so that its absence is certain. */
  readonly isExplicit: boolean;
  /** The options of `-drive` that a short form stands for; as they are for `-drive` itself. */
  readonly asDrive: string;
}

/** What `-hda FILE` and the other short forms mean (softmmu/vl.c). */
const shortForms: Readonly<Record<string, string>> = {
  '': 'index=0,media=disk',
  hda: 'index=0,media=disk',
  hdb: 'index=1,media=disk',
  hdc: 'index=2,media=disk',
  hdd: 'index=3,media=disk',
  cdrom: 'index=2,media=cdrom',
  fda: 'if=floppy,index=0',
  fdb: 'if=floppy,index=1',
  pflash: 'if=pflash',
  mtdblock: 'if=mtd',
  sd: 'if=sd',
};

/** How QEMU names its drives (blockdev.c, drive_new): by interface, bus and unit, the next free one where none is given. */
export function nameDrives(options: readonly CommandLineOption[], machineType: string): readonly NamedDrive[] {
  const taken = new Set<string>();
  return options.flatMap((option): NamedDrive[] => {
    const asDrive = driveOptions(option);
    if (asDrive === undefined) return [];
    const items = parseOptionList(asDrive);
    const id = optionValue(items, 'id');
    const kind = optionValue(items, 'if') ?? defaultInterface(machineType);
    const perBus = unitsPerBus(kind, machineType);
    const place = placeOf(items, perBus, (bus, unit) => taken.has(`${kind} ${bus} ${unit}`));
    taken.add(`${kind} ${place.bus} ${place.unit}`);
    const medium = kind === 'ide' || kind === 'scsi' ? (optionValue(items, 'media') === 'cdrom' ? '-cd' : '-hd') : '';
    const given = perBus > 0 ? `${kind}${place.bus}${medium}${place.unit}` : `${kind}${medium}${place.unit}`;
    return [{ option, name: id ?? given, isExplicit: id !== undefined, asDrive }];
  });
}

/** The drives that QEMU makes by itself, empty, unless `-nodefaults` is given; the options with which they hold a medium. */
export function defaultDrive(name: string, machineType: string): string | undefined {
  const cd = unitsPerBus('ide', machineType) === 1 ? 'ide2-cd0' : 'ide1-cd0';
  if (name === cd) return 'index=2,media=cdrom';
  return name === 'floppy0' ? 'if=floppy,index=0' : undefined;
}

function driveOptions({ name, value }: CommandLineOption): string | undefined {
  if (value === undefined) return undefined;
  if (name === 'drive') return value;
  const short = shortForms[name];
  return short === undefined ? undefined : `${short},file=${value.replaceAll(',', ',,')}`;
}

function placeOf(
  items: ReturnType<typeof parseOptionList>,
  perBus: number,
  isTaken: (bus: number, unit: number) => boolean,
): { readonly bus: number; readonly unit: number } {
  const index = optionValue(items, 'index');
  if (index !== undefined) {
    const position = numberIn(index);
    return perBus > 0 ? { bus: Math.floor(position / perBus), unit: position % perBus } : { bus: 0, unit: position };
  }
  let bus = numberIn(optionValue(items, 'bus') ?? '');
  const given = optionValue(items, 'unit');
  if (given !== undefined) return { bus, unit: numberIn(given) };
  let unit = 0;
  while (isTaken(bus, unit)) {
    unit += 1;
    if (perBus > 0 && unit >= perBus) {
      unit = 0;
      bus += 1;
    }
  }
  return { bus, unit };
}

/**
 * 0 for what is no number of a bus or a unit: QEMU would not have started with it, but its process may have written it over
 * its arguments since, and a bus that no addition changes (`1e99`) would be searched for ever.
 */
function numberIn(text: string): number {
  return /^\d{1,5}$/.test(text) ? Number(text) : 0;
}

function unitsPerBus(kind: string, machineType: string): number {
  if (kind === 'ide') return machineType.includes('q35') ? 1 : 2;
  return kind === 'scsi' ? 7 : 0;
}

function defaultInterface(machineType: string): string {
  return /^(?:pc|isapc|xenfv|q35)/.test(machineType) ? 'ide' : 'virtio';
}
