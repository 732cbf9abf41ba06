import type { Bytes } from '#contract/units.ts';
import { readCharacterDevice, readShortCharacterDevice, type CharacterDevice } from './character-device.ts';
import { has, parseCommandLine, valuesOf, type CommandLine } from './command-line.ts';
import { parseMemorySize } from './memory-size.ts';
import { optionValue, parseOptionList } from './option-list.ts';
import { propertiesOf } from './properties.ts';

/** A QMP monitor that can be reached on this host. */
export type MonitorPlace = Extract<CharacterDevice, { kind: 'unix-server' | 'passed-socket' }>;

/**
 * What a QEMU's own command line says about its guest; what is absent is QEMU's default or stands in a file it reads.
 */
export interface GuestDescription {
  readonly name: string | undefined;
  /** Lower case. */
  readonly uuid: string | undefined;
  readonly memoryBytes: Bytes | undefined;
  readonly machine: string | undefined;
  /** In the order in which QEMU tries them. */
  readonly accelerators: readonly string[];
  readonly monitors: readonly MonitorPlace[];
  /** The address after `-incoming`, or `defer`. */
  readonly incoming: string | undefined;
}

export function describeGuest(argv: readonly string[]): GuestDescription {
  const commandLine = parseCommandLine(argv);
  return {
    name: lastOption(commandLine, 'guest', 'guest', 'name'),
    uuid: readUuid(commandLine),
    memoryBytes: readMemory(commandLine),
    machine: lastOption(commandLine, 'type', 'type', 'machine', 'M'),
    accelerators: readAccelerators(commandLine),
    monitors: readMonitors(commandLine),
    incoming: valuesOf(commandLine, 'incoming').at(-1),
  };
}

/** The last value of a key over all occurrences of an option, which QEMU merges. */
function lastOption(
  commandLine: CommandLine,
  key: string,
  impliedKey: string,
  ...names: readonly string[]
): string | undefined {
  return optionValue(
    valuesOf(commandLine, ...names).flatMap((value) => parseOptionList(value, impliedKey)),
    key,
  );
}

// `-smbios type=1,uuid=` sets the guest's uuid too (hw/smbios/smbios.c); it is how Proxmox writes it.
function readUuid(commandLine: CommandLine): string | undefined {
  const inSystemTable = valuesOf(commandLine, 'smbios')
    .map((value) => parseOptionList(value))
    .findLast((items) => optionValue(items, 'type') === '1' && optionValue(items, 'uuid') !== undefined);
  return (valuesOf(commandLine, 'uuid').at(-1) ?? (inSystemTable && optionValue(inSystemTable, 'uuid')))?.toLowerCase();
}

function readMemory(commandLine: CommandLine): Bytes | undefined {
  const size = lastOption(commandLine, 'size', 'size', 'm');
  if (size !== undefined) return parseMemorySize(size, 'm');
  const backend = lastOption(commandLine, 'memory-backend', 'type', 'machine', 'M');
  if (backend === undefined) return undefined;
  const object = valuesOf(commandLine, 'object')
    .map((value) => propertiesOf(value, 'qom-type'))
    .find((properties) => properties.get('id') === backend);
  return parseMemorySize(object?.get('size') ?? '', 'b');
}

function readAccelerators(commandLine: CommandLine): readonly string[] {
  const explicit = valuesOf(commandLine, 'accel').flatMap(
    (value) => optionValue(parseOptionList(value, 'accel'), 'accel') ?? [],
  );
  if (explicit.length > 0) return explicit;
  const ofMachine = lastOption(commandLine, 'accel', 'type', 'machine', 'M');
  if (ofMachine !== undefined) return ofMachine.split(':');
  if (has(commandLine, 'enable-kvm')) return ['kvm'];
  // softmmu/vl.c, configure_accelerators: the name under which it was started decides.
  return commandLine.program.endsWith('kvm') ? ['kvm', 'tcg'] : ['tcg'];
}

function readMonitors(commandLine: CommandLine): readonly MonitorPlace[] {
  const named = characterDevices(commandLine);
  return commandLine.options.flatMap(({ name, value }) => {
    if (value === undefined) return [];
    if (name === 'qmp' || name === 'qmp-pretty') {
      return reachable(
        value.startsWith('chardev:') ? named(value.slice('chardev:'.length)) : readShortCharacterDevice(value),
      );
    }
    if (name !== 'mon') return [];
    const items = parseOptionList(value, 'chardev');
    return optionValue(items, 'mode') === 'control' ? reachable(named(optionValue(items, 'chardev'))) : [];
  });
}

/** Character devices by their ids; of one id the last counts, as in QEMU. Read once, however many monitors name them. */
function characterDevices(commandLine: CommandLine): (id: string | undefined) => CharacterDevice {
  const devices = new Map(
    valuesOf(commandLine, 'chardev').map((value) => {
      const items = parseOptionList(value, 'backend');
      return [optionValue(items, 'id'), readCharacterDevice(items)] as const;
    }),
  );
  return (id) => (id === undefined ? undefined : devices.get(id)) ?? { kind: 'other' };
}

function reachable(device: CharacterDevice): readonly MonitorPlace[] {
  return device.kind === 'unix-server' || device.kind === 'passed-socket' ? [device] : [];
}
