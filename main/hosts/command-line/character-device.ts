import {
  isOn,
  optionItem,
  optionValue,
  parseOptionList,
  printOptionList,
  withOptionValue,
  type OptionItem,
} from './option-list.ts';

/** Where a character device (a serial port, a monitor, ...) leads, as far as it matters for starting its twin. */
export type CharacterDevice =
  /** Listens on a socket file of its own. */
  | { readonly kind: 'unix-server'; readonly path: string }
  /** A socket that was open when QEMU started, as libvirt passes its monitor. */
  | { readonly kind: 'passed-socket'; readonly descriptor: number }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'other' };

/** Options that take a character device in its short form. */
export const shortCharacterDevices: ReadonlySet<string> = new Set([
  'debugcon',
  'gdb',
  'monitor',
  'parallel',
  'qmp',
  'qmp-pretty',
  'serial',
]);

/** Gives a file of the source its place on the destination; the same place for the same file. */
export type Relocate = (path: string) => string;

/** `-chardev socket,id=a,path=/run/a.sock,server=on,wait=off`. */
export function readCharacterDevice(items: readonly OptionItem[]): CharacterDevice {
  const path = optionValue(items, 'path');
  switch (optionValue(items, 'backend')) {
    case 'file':
      return path === undefined ? { kind: 'other' } : { kind: 'file', path };
    case 'socket':
      return readSocket(items);
    default:
      return { kind: 'other' };
  }
}

/**
 * The short form of `-serial`, `-monitor`, `-qmp`, ...: `unix:/run/a.sock,server,nowait`, `file:/tmp/log`, `mon:...`.
 */
export function readShortCharacterDevice(text: string): CharacterDevice {
  const { kind, rest } = splitShort(text);
  if (kind === 'file') return { kind: 'file', path: rest };
  return kind === 'unix' ? readSocket(parseOptionList(rest, 'path')) : { kind: 'other' };
}

/** The same device with its own files elsewhere; what it only connects to stays where it is. */
export function relocateCharacterDevice(items: readonly OptionItem[], relocate: Relocate): readonly OptionItem[] {
  const withLog = relocateValue(items, 'logfile', relocate);
  switch (readCharacterDevice(items).kind) {
    case 'unix-server':
      return withoutWaiting(relocateValue(withLog, 'path', relocate));
    case 'file':
      return relocateValue(withLog, 'path', relocate);
    case 'passed-socket':
    case 'other':
      return withLog;
  }
}

export function relocateShortCharacterDevice(text: string, relocate: Relocate): string {
  const { prefix, kind, rest } = splitShort(text);
  switch (readShortCharacterDevice(text).kind) {
    case 'unix-server': {
      const items = relocateValue(parseOptionList(rest, 'path'), 'logfile', relocate);
      return `${prefix}unix:${printOptionList(withoutWaiting(relocateValue(items, 'path', relocate)))}`;
    }
    // Everything after `file:` is the path, commas included (chardev/char.c, qemu_chr_parse_compat).
    case 'file':
      return `${prefix}${kind}:${relocate(rest)}`;
    case 'passed-socket':
    case 'other':
      return text;
  }
}

export function relocateValue(items: readonly OptionItem[], key: string, relocate: Relocate): readonly OptionItem[] {
  const value = optionValue(items, key);
  return value === undefined ? items : withOptionValue(items, key, relocate(value));
}

function readSocket(items: readonly OptionItem[]): CharacterDevice {
  const [path, descriptor] = [optionValue(items, 'path'), optionValue(items, 'fd')];
  if (descriptor !== undefined && /^\d+$/.test(descriptor)) {
    return { kind: 'passed-socket', descriptor: Number(descriptor) };
  }
  const isServer = isOn(optionValue(items, 'server')) && !isOn(optionValue(items, 'abstract'));
  return isServer && path !== undefined ? { kind: 'unix-server', path } : { kind: 'other' };
}

// A server waits for its first client by default, and no client knows the new place of the socket yet.
function withoutWaiting(items: readonly OptionItem[]): readonly OptionItem[] {
  if (optionValue(items, 'wait') === 'off') return items;
  return [...items.filter((item) => item.key !== 'wait'), optionItem('wait', 'off')];
}

function splitShort(text: string): { prefix: string; kind: string; rest: string } {
  const prefix = text.startsWith('mon:') ? 'mon:' : '';
  const body = text.slice(prefix.length);
  const colon = body.indexOf(':');
  return { prefix, kind: colon < 0 ? body : body.slice(0, colon), rest: colon < 0 ? '' : body.slice(colon + 1) };
}
