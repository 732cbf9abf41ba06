import { processRows } from './process-rows.ts';
import { cpuLabel, driveLabel, mediumLabel, throttleLabel } from './labels.ts';
import type { Bitmap, Device, Drive, Layer, Medium, Netdev, Portrait } from './portrait.ts';

/** What one side has of an item, in words that are equal exactly where the guest cannot notice a difference. */
export type Items = ReadonlyMap<string, string>;

/** One kind of thing that the twin must have as the source has it. The next kind is one more row. */
export interface Row {
  readonly id: string;
  /** What it is called before the item's name: `Disk virtio0`. */
  readonly title: string;
  /** For the guide (docs/guests.md): what is compared, and where it is read. */
  readonly reads: string;
  /** For the guide: what has changed since the start and is carried over to the destination's command line. */
  readonly carries?: string;
  readonly items: (portrait: Portrait) => Items;
  /** Only what both sides have: a device that is missing is reported once, not once for each of its properties. */
  readonly onlyShared?: boolean;
  /** It belongs to the host and not to what the guest sees, so that who starts a QEMU by hand may choose it. */
  readonly ofHost?: (item: string) => boolean;
  /** Why a difference in this item is of no consequence; `undefined` where it is of one. */
  readonly harmless?: (
    item: string,
    ours: string | undefined,
    theirs: string | undefined,
    both: { readonly source: Portrait; readonly twin: Portrait },
  ) => string | undefined;
  readonly remedy: string;
}

/** How a block node is called that has no name on the source and needs one on a command line. */
export const ownNodePrefix = 'switchyard-';

const restart = 'Restart the guest with the command line that it is to have, then migrate it.';

/** Properties that say which device it is and what is behind it, rather than what its guest has made of it. */
const decidesWhatItIs: ReadonlySet<string> = new Set([
  'addr',
  'bootindex',
  'chardev',
  'drive',
  'iothread',
  'lun',
  'mac',
  'memdev',
  'netdev',
  'port',
  'rng',
  'scsi-id',
  'serial',
  'wwn',
]);

/** Properties of devices by which they name what is behind them. */
const namesOfHost: ReadonlySet<string> = new Set(['chardev', 'drive', 'iothread', 'memdev', 'netdev', 'rng']);

/** Backends whose description holds what the kernel chose or who is connected: a tap without `ifname=`, a socket. */
const namedByHost = /^(?:tap ifname=tap\d+,|(?:socket|stream|dgram|vhost-user) )/;

const guestRows: readonly Row[] = [
  {
    id: 'machine',
    title: 'Machine',
    reads: 'machine type and memory (`/machine`, `query-memory-size-summary`)',
    items: ({ machine }) =>
      new Map([
        ['type', machine.type],
        ['memory', `${machine.memoryBytes} bytes`],
        ['plugged memory', `${machine.pluggedBytes} bytes`],
      ]),
    remedy: restart,
  },
  {
    id: 'disk',
    title: 'Disk',
    reads: 'the images of every drive, by device and inode of each file (`query-block`, /proc/PID/fd)',
    carries:
      'external snapshots, mirrors with pivot, commits and streams; media that were changed, inserted or ejected; drives that were added or removed',
    items: ({ drives }) => new Map(drives.map((drive) => [driveLabel(drive), mediumIdentity(drive.medium)])),
    remedy:
      'Bring the disk back to the image of its command line (`block-commit`, `block-stream`), or restart the guest with the image that it uses now.',
  },
  {
    id: 'disk-mode',
    title: 'Disk',
    reads:
      'read-only, removable, encryption, use of the page cache and detection of zeroes of every drive (`query-block`)',
    items: ({ drives }) => new Map(drives.map((drive) => [driveLabel(drive), modeOf(drive)])),
    onlyShared: true,
    remedy: restart,
  },
  {
    id: 'throttle',
    title: 'Disk',
    reads: 'I/O limits (`query-block`)',
    carries: 'limits of drives of `-drive` and of its short forms',
    ofHost: () => true,
    items: ({ drives }) =>
      new Map(drives.flatMap((drive) => (drive.medium ? [[driveLabel(drive), limitsOf(drive.medium)] as const] : []))),
    onlyShared: true,
    remedy: 'Take the limits off with `block_set_io_throttle`, migrate, and set them again.',
  },
  {
    id: 'bitmap',
    title: 'Dirty bitmap',
    reads: 'dirty bitmaps (`query-block`, `query-named-block-nodes`)',
    items: ({ drives, nodes }) =>
      new Map([
        ...drives.flatMap((drive) => bitmapItems(driveLabel(drive), drive.medium?.bitmaps ?? [])),
        ...nodes.flatMap((node) => bitmapItems(node.name, node.bitmaps)),
      ]),
    harmless: (_item, source, twin) =>
      [source, twin].some((each) => each === 'persistent')
        ? 'The source stores it in the image when the guest moves, and the destination reads it from there.'
        : undefined,
    remedy: 'Remove it with `block-dirty-bitmap-remove`, or make it persistent, then migrate.',
  },
  {
    id: 'write-cache',
    title: 'Write cache of',
    reads: 'whether the write cache is on (`query-block`)',
    items: ({ drives }) =>
      new Map(
        drives.flatMap((drive) =>
          drive.medium ? [[driveLabel(drive), drive.medium.cache.writeback ? 'on' : 'off'] as const] : [],
        ),
      ),
    onlyShared: true,
    harmless: () => "The guest's own driver switches it, and it moves with the device's state.",
    remedy: '',
  },
  {
    id: 'tray',
    title: 'Tray of',
    reads: 'whether the tray is open (`query-block`)',
    items: ({ drives }) => new Map(drives.map((drive) => [driveLabel(drive), drive.trayOpen ? 'open' : 'closed'])),
    onlyShared: true,
    harmless: () => "The tray's position is part of the device's state, which moves with the guest.",
    remedy: '',
  },
  {
    id: 'block-node',
    title: 'Block node',
    reads: 'named block nodes (`query-named-block-nodes`)',
    carries:
      'raw and qcow2 nodes (and those of the older formats) over a file or a disk, added by a snapshot, a mirror or `blockdev-add`; nodes that were removed',
    ofHost: () => true,
    items: ({ nodes }) =>
      new Map(
        nodes.map((node) => [
          node.name,
          [
            `${node.driver} ${node.leadsTo === undefined ? node.filename : `${node.path ?? ''} ${node.leadsTo}`}`,
            node.readOnly ? 'read-only' : 'writable',
            cacheText(node.cache),
            `detect-zeroes ${node.detectZeroes}`,
          ].join(', '),
        ]),
      ),
    harmless: (item, source) =>
      source === undefined && item.startsWith(ownNodePrefix)
        ? 'Switchyard has named the node of an image that has no name on the source.'
        : undefined,
    remedy: restart,
  },
  {
    id: 'device',
    title: 'Device',
    reads: 'every device, with its bus and address (`info qtree`)',
    carries:
      'network cards, disks and their controllers, random number generators, USB devices and others that need no more than a bus, an address and a backend; devices that were unplugged',
    items: ({ devices }) => new Map(devices.map((device) => [device.place, device.type])),
    remedy:
      'Unplug what was plugged in with `device_del`, or plug in again what was taken away, then migrate; or restart the guest.',
  },
  {
    id: 'device-property',
    title: 'Property',
    reads: "every property of every device, QEMU's defaults included (`info qtree`)",
    ofHost: (item) => namesOfHost.has(item.split(' ').at(-1) ?? ''),
    items: ({ devices }) => new Map(devices.flatMap(propertyItems)),
    onlyShared: true,
    harmless: (item, _ours, _theirs, { source }) =>
      decidesWhatItIs.has(item.split(' ').at(-1) ?? '') || wasPlugged(item, source)
        ? undefined
        : "Both sides were given the same options for this device: the guest's own software has set it, and it moves with the device's state.",
    remedy: restart,
  },
  {
    id: 'peripheral',
    title: 'Device',
    reads: 'what `-device` and `device_add` have made (`/machine/peripheral`, `/machine/peripheral-anon`)',
    items: ({ peripherals }) => new Map(peripherals.map(({ place, type }) => [place, type])),
    remedy:
      'Unplug what was plugged in with `device_del`, or plug in again what was taken away, then migrate; or restart the guest.',
  },
  {
    id: 'memory-device',
    title: 'Memory device',
    reads: 'DIMMs and NVDIMMs (`query-memory-devices`)',
    carries: 'DIMMs with memory from `memory-backend-ram`',
    items: ({ memoryDevices }) =>
      new Map(
        memoryDevices.map(({ id, type, sizeBytes, address, slot, numaNode, backend }) => [
          id,
          `${type} of ${sizeBytes} bytes at ${address}, slot ${slot}, node ${numaNode}, ${backend}`,
        ]),
      ),
    remedy: 'Unplug it with `device_del`, then migrate; or restart the guest with it on its command line.',
  },
  {
    id: 'cpu',
    title: 'CPU',
    reads: 'which sockets hold a processor (`query-hotpluggable-cpus`)',
    carries: 'processors that were plugged in with an id',
    items: ({ cpus }) =>
      new Map(cpus.map((cpu) => [cpuLabel(cpu), cpu.plugged ? `${cpu.type}${cpu.id ? ` "${cpu.id}"` : ''}` : 'empty'])),
    remedy: 'Unplug it with `device_del`, then migrate; or restart the guest with it on its command line.',
  },
  {
    id: 'netdev',
    title: 'Network backend',
    reads: 'network backends, their queues and forwarded ports (`info network`, `info usernet`)',
    carries:
      '`user` with its defaults and its forwarded ports, `tap` with a name, its queues and vhost; backends that were removed',
    ofHost: () => true,
    items: ({ netdevs }) => {
      const unnamed = netdevs.filter(({ id }) => id.startsWith('#'));
      return new Map(
        netdevs.map((netdev) => [
          // QEMU makes up a name for the backend of `-nic`.
          unnamed.includes(netdev) ? `${unnamed.indexOf(netdev) + 1} without an id` : netdev.id,
          describeNetdev(netdev),
        ]),
      );
    },
    harmless: (_item, source, twin) =>
      [source, twin].every((each) => each !== undefined && namedByHost.test(each))
        ? 'Its name or its peer was chosen by the host when QEMU started, and no command line gives it.'
        : undefined,
    remedy: 'Remove it with `netdev_del` together with its device, then migrate; or restart the guest.',
  },
  {
    id: 'object',
    title: 'Object',
    reads: 'objects made with `-object` or `object-add` (`/objects`)',
    carries: '`memory-backend-ram`, `rng-random`, `rng-builtin`, `iothread`; objects that were removed',
    ofHost: () => true,
    items: ({ objects }) =>
      new Map(
        objects.map(({ id, type, properties }) => [
          id,
          [type, ...Object.entries(properties).map(([key, value]) => `${key}=${value}`)].join(' '),
        ]),
      ),
    remedy: 'Remove it with `object-del`, then migrate; or restart the guest with it on its command line.',
  },
  {
    id: 'character-device',
    title: 'Character device',
    reads: 'character devices by id and kind (`query-chardev`); their files and sockets get places of their own',
    carries: '`null`; character devices that were removed',
    ofHost: () => true,
    items: ({ characterDevices }) => {
      const unnamed = characterDevices.filter(({ id }) => id.startsWith('#'));
      return new Map(
        // QEMU makes up a name for that of `-gdb`.
        characterDevices.map((each) => [
          unnamed.includes(each) ? `${unnamed.indexOf(each) + 1} without an id` : each.id,
          each.kind,
        ]),
      );
    },
    harmless: (item) =>
      item.startsWith('compat_monitor') ? 'It is a monitor, of which the destination has its own.' : undefined,
    remedy: 'Remove it with `chardev-remove`, then migrate; or restart the guest.',
  },
  {
    id: 'display',
    title: 'Display',
    reads: 'VNC and SPICE: served or not, kind of authentication (`query-vnc`, `query-spice`)',
    ofHost: () => true,
    items: ({ displays }) =>
      new Map(displays.map(({ kind, enabled, authentication }) => [kind, enabled ? `on, ${authentication}` : 'off'])),
    remedy: restart,
  },
  {
    id: 'tpm',
    title: 'TPM',
    reads: 'TPMs (`query-tpm`)',
    items: ({ tpms }) => new Map(tpms.map((tpm, index) => [`${index}`, tpm])),
    remedy: restart,
  },
];

/** The table: what the guest consists of, and how its host runs it. */
export const rows: readonly Row[] = [...guestRows, ...processRows];

function describeNetdev({ type, details, queues, forwards }: Netdev): string {
  return [
    `${type} ${details}`.trim(),
    ...(queues > 1 ? [`${queues} queues`] : []),
    ...forwards.map((forward) => `hostfwd=${forward}`).toSorted(),
  ].join(', ');
}

/** Where a USB device really is; its own `port` only says whether that was asked for. */
const usbPort = 'USB port';

/** QEMU's own invention, or ours for a root that has no name on the source. */
const unnamedNode = new RegExp(`^"(?:#block\\d+|${ownNodePrefix}[^"]*)"$`);
const unnamedNetdev = /^"#net\d+"$/;

/** Its options were read back from the running guest, and may be incomplete: then nothing of it may differ. */
function wasPlugged(item: string, { devices, peripherals }: Portrait): boolean {
  const plugged = new Set(peripherals.filter(({ hotplugged }) => hotplugged).map(({ id }) => id));
  let device = devices.find(({ place }) => item.startsWith(`${place} `));
  while (device && !plugged.has(device.id)) {
    const { parent } = device;
    device = devices.find(({ place }) => place === parent);
  }
  return device !== undefined;
}

/** What is the same for the guest: each file by what it is, not by what it is called. */
function mediumIdentity(medium: Medium | undefined): string {
  return medium === undefined ? mediumLabel(undefined) : medium.layers.map(layerIdentity).join(' on ');
}

function layerIdentity({ format, filename, path, leadsTo }: Layer): string {
  if (leadsTo === undefined) return `${filename} (${format})`;
  // Options of a node that a path cannot express (an offset, for instance) stand in the name itself.
  return filename.startsWith('json:') ? `${filename} ${leadsTo} (${format})` : `${path ?? ''} (${format}, ${leadsTo})`;
}

function modeOf({ medium, removable }: Drive): string {
  const kind = removable ? 'removable' : 'fixed';
  if (!medium) return kind;
  return [
    kind,
    medium.readOnly ? 'read-only' : 'writable',
    medium.encrypted ? 'encrypted' : 'not encrypted',
    cacheText({ ...medium.cache, writeback: true }),
    `detect-zeroes ${medium.detectZeroes}`,
  ].join(', ');
}

function limitsOf(medium: Medium): string {
  const group = medium.throttleGroup === undefined ? '' : `, group ${medium.throttleGroup}`;
  return `${throttleLabel(medium)}${group}`;
}

function cacheText({ writeback, direct, noFlush }: Medium['cache']): string {
  return `cache ${[writeback ? 'writeback' : 'writethrough', ...(direct ? ['direct'] : []), ...(noFlush ? ['no-flush'] : [])].join(' ')}`;
}

function bitmapItems(owner: string, bitmaps: readonly Bitmap[]): readonly (readonly [string, string])[] {
  return bitmaps.map(({ name, persistent }) => [`${name} of ${owner}`, persistent ? 'persistent' : 'in memory only']);
}

function propertyItems(device: Device): readonly (readonly [string, string])[] {
  return Object.entries(device.properties)
    .filter(([key]) => !(key === 'port' && usbPort in device.properties))
    .map(([key, value]) => [`${device.place} ${key}`, named(value)]);
}

function named(value: string): string {
  if (unnamedNode.test(value)) return 'a disk without a node name';
  return unnamedNetdev.test(value) ? 'a network backend without an id' : value;
}
