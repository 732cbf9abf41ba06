import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { Cpu, Device, MemoryDevice, Peripheral, Portrait } from '#main/likeness/portrait.ts';
import { ownNodePrefix } from '#main/likeness/rows.ts';
import type { CommandLine, CommandLineOption } from '#main/hosts/command-line/command-line.ts';
import { usbPortProperty } from '#main/hosts/portrait/device-tree.ts';
import { carried, refused, type Change } from './change.ts';
import { editable, listOption } from './editable.ts';

/**
 * Properties by which a device that was plugged in while the guest ran is made again, beside its bus and address. The
 * twin is compared with the source in every other property as well, before anything moves.
 */
const carriedProperties: ReadonlySet<string> = new Set([
  'acpi-index',
  'bootindex',
  'channel',
  'chardev',
  'chassis',
  'disable-legacy',
  'disable-modern',
  'drive',
  'evdev',
  'failover',
  'host_mtu',
  'lun',
  'mac',
  'max-bytes',
  'memdev',
  'mq',
  'multifunction',
  'name',
  'netdev',
  'nr',
  'num-queues',
  'num_queues',
  'period',
  'port',
  'product',
  'queue-size',
  'removable',
  'rng',
  'rotation_rate',
  'rx_queue_size',
  'scsi-id',
  'serial',
  'share-rw',
  'slot',
  'tx_queue_size',
  'vectors',
  'vendor',
  'virtqueue_size',
  'wwn',
]);

/** A value that stands for "not given". */
const notGiven: ReadonlySet<string> = new Set(['', '<null>', '<unset>']);

/** What `device_add` and `device_del` have changed. */
export function carryDevices(commandLine: CommandLine, source: Portrait): Change {
  const findings: JudgedFinding[] = [];
  const byPlace = new Map(source.peripherals.map((peripheral) => [peripheral.place, peripheral]));
  const known = new Set<string>();
  let anonymous = 0;
  const options = commandLine.options.flatMap((option): CommandLineOption[] => {
    if (option.name !== 'device' || option.value === undefined) return [option];
    const device = editable(option, 'driver');
    const id = device.get('id');
    // Those in JSON are made after all others, so that their numbers are not known here.
    if (id === undefined && option.value.startsWith('{')) return [option];
    const place = id === undefined ? `peripheral-anon/device[${anonymous++}]` : `peripheral/${id}`;
    known.add(place);
    const found = byPlace.get(place);
    const label = `${device.get('driver') ?? ''} ${id === undefined ? 'without an id' : `"${id}"`}`;
    if (!found) {
      findings.push(carried('device', label, `${label} was unplugged since the guest was started.`));
      return [];
    }
    if (found.hotplugged) {
      const again = remake(found, source);
      findings.push(carried('device', label, `${label} was unplugged and plugged in again.`));
      return again ? [again] : [];
    }
    return [withDrive(option, place, source, findings)];
  });
  const added = inOrder(source).flatMap((peripheral): CommandLineOption[] => {
    if (!peripheral.hotplugged || known.has(peripheral.place)) return [];
    const label = `${peripheral.type} "${peripheral.id}"`;
    const made = peripheral.id === '' ? undefined : remake(peripheral, source);
    if (!made) {
      const name = peripheral.id === '' ? `${peripheral.type} without an id (${peripheral.place})` : label;
      findings.push(
        refused(
          'device',
          name,
          `${name} was plugged in while the guest was running, and QEMU does not report its options.`,
          'Unplug it with `device_del`, migrate, and plug it in again; or restart the guest with it on its command line.',
        ),
      );
      return [];
    }
    findings.push(carried('device', label, `${label} was plugged in while the guest was running.`));
    return [made];
  });
  return { commandLine: { ...commandLine, options: [...options, ...added] }, findings };
}

/** A disk of `-blockdev` has another root now: the device's own `drive=` names it. */
function withDrive(
  option: CommandLineOption,
  place: string,
  source: Portrait,
  findings: JudgedFinding[],
): CommandLineOption {
  const device = editable(option, 'driver');
  const node = device.get('drive');
  if (node === undefined || source.drives.some(({ name }) => name === node)) return option;
  const drive = source.drives.find(({ name, device: user = '' }) => name === '' && uses(user, place));
  if (!drive) return option;
  const label = device.get('id') ?? place;
  if (!drive.medium) {
    findings.push(carried('disk', label, `The medium was taken out of ${label}: ${node}.`));
    return device.set('drive', undefined).option;
  }
  const now = nodeNameFor(drive.medium.nodeName, place);
  if (now === node) return option;
  findings.push(carried('disk', label, `${label} uses the block node ${now} now, instead of ${node}.`));
  return device.set('drive', now).option;
}

/** The root of a disk by its own name, or by the one that it gets on the command line. */
export function nodeNameFor(nodeName: string, place: string): string {
  return nodeName.startsWith('#') ? `${ownNodePrefix}${place.replaceAll(/[^\w]+/g, '-').replace(/-$/, '')}` : nodeName;
}

/** Whether `query-block` means this device: by its QOM path, or a backend below it; since 2.10 by its id where there is one. */
export function uses(user: string, place: string): boolean {
  const path = `/machine/${place}`;
  return user === path || user.startsWith(`${path}/`) || `peripheral/${user}` === place;
}

function remake(peripheral: Peripheral, source: Portrait): CommandLineOption | undefined {
  const { id, type } = peripheral;
  const cpu = source.cpus.find((each) => each.id === id);
  if (cpu) return cpuOption(cpu, id);
  const memory = source.memoryDevices.find((each) => each.id === id);
  if (memory) return memory.type === 'dimm' ? memoryOption(memory, type) : undefined;
  const device = source.devices.find((each) => each.id === id && each.type === type);
  return device && deviceOption(device, peripheral.place, source);
}

function cpuOption({ type, position }: Cpu, id: string): CommandLineOption {
  const items = Object.entries(position).map(([key, value]) => [key, `${value}`] as const);
  return listOption('device', [['driver', type], ['id', id], ...items]);
}

function memoryOption(memory: MemoryDevice, type: string): CommandLineOption {
  return listOption('device', [
    ['driver', type],
    ['id', memory.id],
    ['memdev', memory.backend],
    ['addr', `${memory.address}`],
    ['slot', `${memory.slot}`],
    ['node', `${memory.numaNode}`],
  ]);
}

function deviceOption(device: Device, place: string, source: Portrait): CommandLineOption {
  const properties = new Map([device, ...partsOf(device, source)].flatMap((each) => Object.entries(each.properties)));
  const port = device.properties[usbPortProperty];
  if (port !== undefined) properties.set('port', port);
  const items = [...properties].flatMap(([key, value]): [string, string][] => {
    const text = plain(value);
    if (!carriedProperties.has(key) || notGiven.has(text)) return [];
    if (key === 'drive') return [[key, text.startsWith('#') ? nodeNameFor(text, place) : text]];
    return [[key, text]];
  });
  const address = device.properties['addr'];
  return listOption('device', [
    ['driver', device.type],
    ['id', device.id],
    ['bus', device.bus],
    ...(address === undefined ? [] : [['addr', address] as const]),
    ...items,
  ]);
}

/** The backend of a virtio proxy, and the disk that a USB stick makes for itself. */
function partsOf(device: Device, { devices }: Portrait): readonly Device[] {
  const below = devices.filter(({ parent }) => parent === device.place);
  return device.type === 'usb-storage'
    ? below.map((disk) => ({ ...disk, properties: pick(disk.properties, ['drive']) }))
    : below.filter(({ bus }) => bus === 'virtio-bus');
}

function pick(properties: Device['properties'], keys: readonly string[]): Device['properties'] {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => keys.includes(key)));
}

/** `"52:54:00:00:00:99"`, `4 (0x4)`, `512 (512 B)`, `true`: as an option takes it. */
function plain(value: string): string {
  const quoted = /^"(.*)"$/.exec(value)?.[1];
  return quoted ?? value.replace(/ \(.*\)$/, '');
}

/** What a device hangs on comes before it, and what was plugged in first comes first. */
function inOrder({ peripherals, devices }: Portrait): readonly Peripheral[] {
  const age = (peripheral: Peripheral): number => {
    const at = devices.findIndex(({ id, type }) => id === peripheral.id && type === peripheral.type);
    return at < 0 ? 0 : devices.length - at;
  };
  const depth = (peripheral: Peripheral): number => {
    let device = devices.find(({ id, type }) => id === peripheral.id && type === peripheral.type);
    let count = 0;
    while (device?.parent !== undefined) {
      const { parent }: Device = device;
      device = devices.find(({ place }) => place === parent);
      count += 1;
    }
    return count;
  };
  return peripherals.toSorted((a, b) => depth(a) - depth(b) || age(a) - age(b));
}
