import { createRedactor } from '#main/redaction/redact.ts';
import {
  has,
  makeOption,
  parseCommandLine,
  printCommandLine,
  withValue,
  type CommandLineOption,
} from './command-line.ts';
import { parseConfigFile, type ConfigSection } from './config-file.ts';
import { escapeCommas, optionItem, optionValue, parseOptionList, printOptionList } from './option-list.ts';

/** Why a command line cannot be read as a whole: a sentence about what is wrong, one about what to do. */
export interface Unreadable {
  readonly text: string;
  readonly remedy: string;
}

export type AsTyped = { readonly argv: readonly string[] } | { readonly unreadable: Unreadable };

/** The text of a file that a command line names, by its name there. */
export type ReadOptionsFile = (path: string) => { readonly text: string } | { readonly unreadable: string };

/**
 * QEMU's names for its lists of options, and the option that fills each. Only those lists that QEMU still looks at after it
 * has read a file (softmmu/vl.c): of the others, `[smbios]` for instance, it takes what was typed alone.
 */
const optionOfGroup: ReadonlyMap<string, string> = new Map([
  ['accel', 'accel'],
  ['action', 'action'],
  ['add-fd', 'add-fd'],
  ['audiodev', 'audiodev'],
  ['boot-opts', 'boot'],
  ['chardev', 'chardev'],
  ['device', 'device'],
  ['drive', 'drive'],
  ['fsdev', 'fsdev'],
  ['fw_cfg', 'fw_cfg'],
  ['global', 'global'],
  ['icount', 'icount'],
  ['iscsi', 'iscsi'],
  ['machine', 'machine'],
  ['memory', 'm'],
  ['mon', 'mon'],
  ['name', 'name'],
  ['net', 'net'],
  ['netdev', 'netdev'],
  ['nic', 'nic'],
  ['numa', 'numa'],
  ['object', 'object'],
  ['rtc', 'rtc'],
  ['sandbox', 'sandbox'],
  ['smp-opts', 'smp'],
  ['spice', 'spice'],
  ['tpmdev', 'tpmdev'],
  ['vnc', 'vnc'],
]);

/** What a list without its key would begin with, so that an id can be found in what was typed. */
const impliedKeys: Readonly<Record<string, string>> = {
  chardev: 'backend',
  device: 'driver',
  fsdev: 'fsdriver',
  mon: 'chardev',
  netdev: 'type',
  tpmdev: 'type',
  vnc: 'vnc',
};

const typeThem = 'Restart the guest with these options on its command line.';

/**
 * The same command line as if everything had been typed: what stands in the files of `-readconfig`, at the place of each,
 * and what `-set` adds to an option before it. `defaultFile` is what this QEMU reads by itself, before all else, unless
 * `-no-user-config` is given. Values in, values out: the file is read as it is now, and whether it is still what QEMU has
 * read shows in the comparison of the two portraits.
 */
export function asTyped(argv: readonly string[], read: ReadOptionsFile, defaultFile?: string): AsTyped {
  const commandLine = parseCommandLine(argv);
  const byItself =
    defaultFile === undefined || has(commandLine, 'no-user-config', 'nodefconfig')
      ? []
      : [makeOption('readconfig', defaultFile)];
  if (byItself.length === 0 && !has(commandLine, 'readconfig', 'set')) return { argv };
  let typed: CommandLineOption[] = [];
  let hasNetworkOfFile = false;
  for (const option of [...byItself, ...commandLine.options]) {
    const { name, value } = option;
    if (value !== undefined && name === 'readconfig') {
      const found = optionsOfFile(value, read);
      if ('unreadable' in found) return found;
      hasNetworkOfFile ||= found.options.some((each) => networks.has(each.name));
      typed.push(...found.options);
    } else if (value !== undefined && name === 'set') {
      const changed = withSet(typed, value);
      if (!changed) return { unreadable: unknownSet(value) };
      typed = changed;
    } else {
      typed.push(option);
    }
  }
  // QEMU takes its own network away where one is typed, not where one stands in a file (default_net in softmmu/vl.c).
  const needsOwnNetwork =
    hasNetworkOfFile && !has(commandLine, 'nodefaults') && !commandLine.options.some((each) => networks.has(each.name));
  return {
    argv: printCommandLine({
      ...commandLine,
      options: [
        ...typed,
        ...(needsOwnNetwork ? [makeOption('net', 'nic'), makeOption('net', 'user')] : []),
        ...(byItself.length > 0 ? [makeOption('no-user-config')] : []),
      ],
    }),
  };
}

const networks: ReadonlySet<string> = new Set(['net', 'netdev', 'nic']);

function optionsOfFile(
  path: string,
  read: ReadOptionsFile,
): { readonly options: readonly CommandLineOption[] } | { readonly unreadable: Unreadable } {
  const refuse = (what: string): { readonly unreadable: Unreadable } => ({
    unreadable: { text: `This guest has options in the file ${path}, ${what}.`, remedy: typeThem },
  });
  const file = read(path);
  if ('unreadable' in file) return refuse(`which cannot be read: ${file.unreadable}`);
  const config = parseConfigFile(file.text);
  if ('unreadableLine' in config) return refuse(`of which line ${config.unreadableLine} cannot be read`);
  const options: CommandLineOption[] = [];
  for (const section of config.sections) {
    const name = optionOfGroup.get(section.group);
    if (name === undefined) {
      return refuse(`of which line ${section.line} begins [${section.group}], which Switchyard does not know`);
    }
    if (section.values.size === 0) continue;
    const option = optionOf(name, section);
    if (holdsSecret(option)) {
      return refuse(
        `which has a secret in the section that begins in line ${section.line}, and every user could read it on the command line of the destination`,
      );
    }
    options.push(option);
  }
  return { options };
}

function optionOf(name: string, { values }: ConfigSection): CommandLineOption {
  return makeOption(name, printOptionList(Array.from(values, ([key, value]) => optionItem(key, value))));
}

function holdsSecret(option: CommandLineOption): boolean {
  const argv = [...option.raw];
  return createRedactor().redact({ argv }).argv.join(' ') !== argv.join(' ');
}

const setForm = /^([^.]{1,63})\.([^.]{1,63})\.([^=]{1,63})=([^]*)$/;

/** `-set GROUP.ID.KEY=VALUE` changes the last option of that list with that id; `undefined` where there is none. */
function withSet(options: readonly CommandLineOption[], change: string): CommandLineOption[] | undefined {
  const [, group = '', id, key = '', text = ''] = setForm.exec(change) ?? [];
  const name = optionOfGroup.get(group);
  const at = options.findLastIndex(
    (each) => each.name === name && optionValue(parseOptionList(valueOf(each), impliedKeys[each.name]), 'id') === id,
  );
  // Without an id nothing is named, and what was given in JSON is in none of QEMU's lists.
  if (id === undefined || at < 0 || options.some((each, index) => index === at && valueOf(each).startsWith('{'))) {
    return undefined;
  }
  return options.map((each, index) =>
    index === at ? withValue(each, `${valueOf(each)},${key}=${escapeCommas(text)}`) : each,
  );
}

/** As it was written; empty for an option without one. */
function valueOf({ raw }: CommandLineOption): string {
  return raw.slice(1).join('');
}

function unknownSet(value: string): Unreadable {
  return {
    text: `\`-set ${value.replace(/=[^]*$/, '=...')}\` of this guest changes an option that is not on its command line.`,
    remedy: typeThem,
  };
}
