import { basename, join, normalize } from 'node:path';
import {
  readCharacterDevice,
  relocateCharacterDevice,
  relocateShortCharacterDevice,
  relocateValue,
  shortCharacterDevices,
  type Relocate,
} from './character-device.ts';
import {
  makeOption,
  parseCommandLine,
  printCommandLine,
  valuesOf,
  withValue,
  type CommandLine,
  type CommandLineOption,
} from './command-line.ts';
import { describeGuest } from './description.ts';
import { emulatedTpm, withTpmAt, type EmulatedTpm } from './emulated-tpm.ts';
import {
  escapeCommas,
  isOn,
  optionItem,
  optionValue,
  parseOptionList,
  printOptionList,
  type OptionItem,
} from './option-list.ts';
import { acceleratorsByName, laterUser, withoutLaterUser } from './own-user.ts';
import { membersOf, propertiesOf } from './properties.ts';
import { unrepeatable } from './unrepeatable.ts';

/** How to start the QEMU that a guest moves into. */
export interface Twin {
  readonly argv: readonly string[];
  readonly monitorPath: string;
  /** Files that both processes would map and write (`memory-backend-file` with `share=on`); a directory is harmless. */
  readonly sharedMemoryPaths: readonly string[];
  /** The user whom the source becomes by itself (`-runas`): the twin is started as that user, without the option. */
  readonly laterUser: string | undefined;
  /** The emulated TPM of the source, and where the twin expects an swtpm of its own. */
  readonly tpm: { readonly ofSource: EmulatedTpm; readonly socketPath: string } | undefined;
}

/** The twin's own stdout and stderr, in its directory. */
export const destinationOutputName = 'destination.log';
/** Names the owner of a twin's folder, so that what its guest has left there can be attributed: name and uuid, a line each. */
export const guestNoteName = 'guest.txt';
/** The control socket of the twin's own swtpm. */
export const tpmSocketName = 'swtpm.sock';

/** What belongs to the source's process alone, or contradicts `-incoming defer -S`. */
const dropped: ReadonlySet<string> = new Set([
  'S',
  'daemonize',
  'incoming',
  'loadvm',
  'pidfile',
  'preconfig',
  // Until 6.0: it writes its options to a file when it starts.
  'writeconfig',
]);

/**
 * The source's own command line, made to wait for a migration, paused. What the source writes or listens on gets a
 * place in `directory`, since both hosts may see one file system; every other argument stays as it is, letter by
 * letter.
 *
 * Throws `invalid-request` for a command line that cannot be repeated.
 */
export function twinOf(argv: readonly string[], directory: string): Twin {
  const commandLine = parseCommandLine(argv);
  const refusal = unrepeatable(commandLine);
  if (refusal) throw refusal;

  const relocate = relocator(directory);
  const tpm = emulatedTpm(commandLine);
  const tpmSocket = join(directory, tpmSocketName);
  const options = commandLine.options
    .filter((each) => !dropped.has(each.name))
    .flatMap((each) => withoutLaterUser(each) ?? [])
    .map((each) => (tpm ? withTpmAt(each, tpm, tpmSocket) : each))
    .map((each) => adapted(each, relocate))
    .concat(acceleratorsByName(commandLine), makeOption('incoming', 'defer'), makeOption('S'));

  const ownMonitor = firstMonitor({ ...commandLine, options });
  const monitorPath = ownMonitor ?? relocate('switchyard/qmp.sock');
  const withMonitor = ownMonitor === undefined ? [...options, monitorOption(monitorPath)] : options;
  return {
    argv: printCommandLine({ ...commandLine, options: withMonitor }),
    monitorPath,
    sharedMemoryPaths: sharedMemoryPaths(commandLine),
    laterUser: laterUser(commandLine),
    tpm: tpm && { ofSource: tpm, socketPath: tpmSocket },
  };
}

function adapted(source: CommandLineOption, relocate: Relocate): CommandLineOption {
  const { name, value } = source;
  if (value === undefined) return source;
  if (shortCharacterDevices.has(name)) return changed(source, relocateShortCharacterDevice(value, relocate));
  switch (name) {
    case 'chardev':
      return changed(source, adaptedCharacterDevice(value, relocate));
    // The log that `-d` fills.
    case 'D':
      return changed(source, relocate(value));
    case 'trace':
      return changed(source, printOptionList(relocateValue(parseOptionList(value, 'enable'), 'file', relocate)));
    // Sound and packets that are written to a file.
    case 'audiodev':
      return changed(source, relocateProperty(value, 'driver', 'path', relocate));
    // A socket that it listens on, by itself or for datagrams: binding it would take it away from the source.
    case 'netdev':
      return changed(source, adaptedNetwork(value, relocate));
    case 'object':
      return propertiesOf(value, 'qom-type').get('qom-type') === 'filter-dump'
        ? changed(source, relocateProperty(value, 'qom-type', 'file', relocate))
        : source;
    case 'vnc':
      return changed(source, adaptedDisplay(value, 'vnc', relocate));
    case 'display':
      return changed(source, adaptedDisplay(value, 'type', relocate));
    case 'spice':
      return changed(source, adaptedSpice(value, relocate));
    default:
      return source;
  }
}

// Without a change an option keeps its own text; printing a list may not write what the operator wrote.
function changed(source: CommandLineOption, value: string): CommandLineOption {
  return value === source.value ? source : withValue(source, value);
}

/** `stream,server=on,addr.type=unix,addr.path=...` and `dgram,local.type=unix,local.path=...` (QEMU 7.2); in JSON they are nested. */
function adaptedNetwork(value: string, relocate: Relocate): string {
  if (value.startsWith('{')) return adaptedNestedNetwork(value, relocate);
  const properties = propertiesOf(value, 'type');
  const listens = properties.get('type') === 'stream' && isOn(properties.get('server'));
  return relocateProperty(value, 'type', listens ? 'addr.path' : 'local.path', relocate);
}

function adaptedNestedNetwork(value: string, relocate: Relocate): string {
  const members = new Map(membersOf(value));
  const key = members.get('type') === 'stream' && members.get('server') === true ? 'addr' : 'local';
  const address = members.get(key);
  if (typeof address !== 'object' || address === null || !('path' in address) || typeof address.path !== 'string') {
    return value;
  }
  return JSON.stringify(Object.fromEntries(members.set(key, { ...address, path: relocate(address.path) })));
}

/** A file that QEMU writes, in either spelling of an option. */
function relocateProperty(value: string, impliedKey: string, key: string, relocate: Relocate): string {
  const path = propertiesOf(value, impliedKey).get(key);
  if (path === undefined) return value;
  return value.startsWith('{')
    ? JSON.stringify({ ...Object.fromEntries(membersOf(value)), [key]: relocate(path) })
    : printOptionList(relocateValue(parseOptionList(value, impliedKey), key, relocate));
}

// Only a monitor gets this far with a socket that its starter passed: it becomes one with a path.
function adaptedCharacterDevice(value: string, relocate: Relocate): string {
  const items = parseOptionList(value, 'backend');
  if (readCharacterDevice(items).kind !== 'passed-socket') {
    return printOptionList(relocateCharacterDevice(items, relocate));
  }
  const kept = items.filter((item) => !['fd', 'server', 'wait'].includes(item.key));
  return printOptionList([
    ...relocateValue(kept, 'logfile', relocate),
    ...listeningAt(relocate(`${optionValue(items, 'id')}.sock`)),
  ]);
}

/** `-vnc unix:/run/vnc,password=on` and `-display vnc=unix:/run/vnc`. */
function adaptedDisplay(value: string, impliedKey: 'vnc' | 'type', relocate: Relocate): string {
  const relocateAddress: Relocate = (address) =>
    address.startsWith('unix:') ? `unix:${relocate(address.slice('unix:'.length))}` : address;
  return printOptionList(relocateValue(parseOptionList(value, impliedKey), 'vnc', relocateAddress));
}

function adaptedSpice(value: string, relocate: Relocate): string {
  const items = parseOptionList(value);
  return isOn(optionValue(items, 'unix')) ? printOptionList(relocateValue(items, 'addr', relocate)) : value;
}

function monitorOption(path: string): CommandLineOption {
  return makeOption('qmp', `unix:${escapeCommas(path)},server=on,wait=off`);
}

function listeningAt(path: string): readonly OptionItem[] {
  return [optionItem('path', path), optionItem('server', 'on'), optionItem('wait', 'off')];
}

function firstMonitor(commandLine: CommandLine): string | undefined {
  return describeGuest(printCommandLine(commandLine)).monitors.find((monitor) => monitor.kind === 'unix-server')?.path;
}

function sharedMemoryPaths(commandLine: CommandLine): readonly string[] {
  return valuesOf(commandLine, 'object').flatMap((value) => {
    const properties = propertiesOf(value, 'qom-type');
    const isShared = properties.get('qom-type') === 'memory-backend-file' && isOn(properties.get('share'));
    return isShared ? (properties.get('mem-path') ?? []) : [];
  });
}

/**
 * Two files of one name get different places, one file named twice gets one; a device such as /dev/null stays what it
 * is. Every place is a name in `directory`, whatever the path is made of.
 */
function relocator(directory: string): Relocate {
  const places = new Map<string, string>();
  const taken = new Map<string, number>([
    [destinationOutputName, 1],
    [guestNoteName, 1],
    [tpmSocketName, 1],
  ]);
  const freeName = (name: string): string => {
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    // Of 1000 files of one name each is tried once; `2-log` may be the name of another file.
    return count === 1 ? name : freeName(`${count}-${name}`);
  };
  return (path) => {
    if (isDevice(path)) return path;
    const known = places.get(path);
    if (known !== undefined) return known;
    const name = basename(path);
    const place = join(directory, freeName(name === '' || name === '..' || name === '.' ? 'file' : name));
    places.set(path, place);
    return place;
  };
}

function isDevice(path: string): boolean {
  const plain = normalize(path);
  return plain.startsWith('/dev/') && !plain.startsWith('/dev/shm/');
}
