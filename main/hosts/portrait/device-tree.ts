import type { Device } from '#main/likeness/portrait.ts';

/** Which port of its hub a USB device is on, whether or not it was asked for. */
export const usbPortProperty = 'USB port';

interface OpenNode {
  readonly indent: number;
  readonly kind: 'bus' | 'device';
  readonly name: string;
  readonly found: FoundDevice | undefined;
}

interface FoundDevice {
  readonly type: string;
  readonly id: string;
  readonly bus: string;
  readonly parent: FoundDevice | undefined;
  readonly properties: Record<string, string>;
}

/**
 * Reads what `info qtree` prints (softmmu/qdev-monitor.c): each bus with its devices, each device with the values of all its
 * properties, indented by two spaces a level. Lines of other forms say what the guest has made of a device (where a BAR is
 * mapped, a USB address) and are left out. A bus prints what was plugged in last first.
 */
export function parseDeviceTree(text: string): readonly Device[] {
  const devices = readDevices(text);
  const places = placesOf(devices);
  return devices.map((device): Device => {
    const { id, type, bus, parent, properties } = device;
    return {
      place: places.get(device) ?? type,
      id,
      type,
      bus,
      ...(parent === undefined ? {} : { parent: places.get(parent) ?? parent.type }),
      properties,
    };
  });
}

function readDevices(text: string): readonly FoundDevice[] {
  const open: OpenNode[] = [];
  const devices: FoundDevice[] = [];
  for (const line of text.split(/\r?\n/)) {
    const indent = line.length - line.trimStart().length;
    const bus = /^ *bus: (.*)$/.exec(line)?.[1];
    const device = /^ *dev: (.*), id "(.*)"$/.exec(line);
    if (bus !== undefined || device) {
      while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    }
    if (bus !== undefined) open.push({ indent, kind: 'bus', name: bus, found: undefined });
    if (device) {
      const [, type = '', id = ''] = device;
      const parent = open.findLast(({ kind }) => kind === 'device')?.found;
      const found = { type, id, bus: open.findLast(({ kind }) => kind === 'bus')?.name ?? '', parent, properties: {} };
      devices.push(found);
      open.push({ indent, kind: 'device', name: type, found });
    }
    const [, name, value] = /^ *(\S+) = (.*)$/.exec(line) ?? usbPort(line) ?? [];
    const owner = open.findLast(({ kind }) => kind === 'device')?.found;
    if (name !== undefined && value !== undefined && owner && open.at(-1)?.found === owner) {
      owner.properties[name] = value;
    }
  }
  return devices;
}

/** `addr 0.1, port 3, speed 480, name QEMU USB Tablet, attached`: the port is part of what a migration stream calls the device. */
function usbPort(line: string): readonly [string, string, string] | undefined {
  const port = /^ *addr \d+\.\d+, port ([\d.]+), speed /.exec(line)?.[1];
  return port === undefined ? undefined : [line, usbPortProperty, port];
}

/** A bus with a number (`pci.0`, `sc.0`) is the only one of that name; of the others each device has one (`virtio-bus`). */
const uniqueBus = /\.\d+$|^main-system-bus$/;

/** Its bus, and what distinguishes it from its neighbours there: its id, its address, or how many of its type are older. */
function placesOf(devices: readonly FoundDevice[]): ReadonlyMap<FoundDevice, string> {
  const places = new Map<FoundDevice, string>();
  // Counted, and not searched for: a QEMU may print as many devices as its answer holds.
  const counts = new Map<FoundDevice | string, Map<string, number>>();
  const ordinals = new Map<FoundDevice, number>();
  for (const device of devices) {
    const ofBus = counts.get(ownerOf(device)) ?? new Map<string, number>();
    const before = ofBus.get(device.type) ?? 0;
    counts.set(ownerOf(device), ofBus.set(device.type, before + 1));
    ordinals.set(device, before);
  }
  // A parent is printed before what hangs on it.
  for (const device of devices) {
    const { bus, type, id, parent, properties } = device;
    const alike = counts.get(ownerOf(device))?.get(type) ?? 0;
    const older = alike - 1 - (ordinals.get(device) ?? 0);
    const address = properties['addr'];
    const mark = id !== '' ? `"${id}"` : address === undefined ? `${older}` : `at ${address}`;
    const above = uniqueBus.test(bus) || parent === undefined ? '' : `${places.get(parent) ?? parent.type}/`;
    places.set(device, `${above}${bus}/${type} ${mark}`);
  }
  return places;
}

function ownerOf({ bus, parent }: FoundDevice): FoundDevice | string {
  return uniqueBus.test(bus) || parent === undefined ? bus : parent;
}
