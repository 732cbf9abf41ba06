import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { GuestObject, Netdev, Portrait } from '#main/likeness/portrait.ts';
import type { CommandLine, CommandLineOption } from '#main/hosts/command-line/command-line.ts';
import { parseOptionList, optionValue } from '#main/hosts/command-line/option-list.ts';
import { carried, refused, type Change } from './change.ts';
import { editable, listOption } from './editable.ts';

/** Network backends, objects and character devices that came or went while the guest ran. */
export function carryBackends(commandLine: CommandLine, source: Portrait): Change {
  const findings: JudgedFinding[] = [];
  const kinds = [
    {
      option: 'netdev',
      impliedKey: 'type',
      row: 'netdev',
      title: 'The network backend',
      removal: 'netdev_del',
      isOwn: (id: string) => ownNetdev.test(id),
      present: new Set(source.netdevs.map(({ id }) => id)),
      added: source.netdevs.map((netdev) => ({ id: netdev.id, option: netdevOption(netdev) })),
    },
    {
      option: 'object',
      impliedKey: 'qom-type',
      row: 'object',
      title: 'The object',
      removal: 'object-del',
      isOwn: (id: string) => ownObject.test(id),
      present: new Set(source.objects.map(({ id }) => id)),
      added: source.objects.map((object) => ({ id: object.id, option: objectOption(object) })),
    },
    {
      option: 'chardev',
      impliedKey: 'backend',
      row: 'character-device',
      title: 'The character device',
      removal: 'chardev-remove',
      isOwn: (id: string) => ownCharacterDevice.test(id),
      present: new Set(source.characterDevices.map(({ id }) => id)),
      added: source.characterDevices.map(({ id, kind }) => ({
        id,
        option:
          kind === 'null' && !ownCharacterDevice.test(id)
            ? listOption('chardev', [
                ['backend', 'null'],
                ['id', id],
              ])
            : undefined,
      })),
    },
  ];
  let { options } = commandLine;
  const words = commandLine.options.map(({ value = '' }) => value);
  for (const { option: name, impliedKey, row, title, removal, isOwn, present, added } of kinds) {
    const known = new Set<string>();
    const kept = options.flatMap((option): CommandLineOption[] => {
      if (option.name !== name || option.value === undefined) return [option];
      const id = editable(option, impliedKey).get('id') ?? '';
      known.add(id);
      if (id === '' || present.has(id)) return [option];
      findings.push(carried(row, id, `${title} ${id} was removed since the guest was started.`));
      return [];
    });
    const news = added.flatMap(({ id, option }) => {
      if (known.has(id)) return [];
      if (option === undefined) {
        // Other options make backends of their own, by ids that they are given; what several share (`mux=on`) has `-base` added.
        if (isOwn(id) || words.some((value) => value.includes(id.replace(/-base$/, '')))) return [];
        findings.push(unreadable(row, id, title, removal));
        return [];
      }
      findings.push(carried(row, id, `${title} ${id} came while the guest ran.`));
      return [option];
    });
    options = [...news, ...kept];
  }
  return { commandLine: { ...commandLine, options }, findings };
}

function unreadable(row: string, id: string, title: string, removal: string): JudgedFinding {
  return refused(
    row,
    id,
    `${title} ${id} came while the guest ran, and its options cannot be read back.`,
    `Remove it with \`${removal}\`, migrate, and add it again; or restart the guest with it on its command line.`,
  );
}

/** Character devices that other options make: `-serial`, `-monitor`, a console; and what lies beneath several on one. */
const ownCharacterDevice =
  /^(?:compat_monitor|serial|parallel|gdb|vc|debugcon|con|virtcon|mon|hmp)\d*(?:-base|-dbg)?$|^#/;
/** Backends of `-nic` and `-net`. */
const ownNetdev = /^(?:__org\.qemu|#|hub\d+port\d+$)/;
/** What the machine has made for itself has an id of its own form. */
const ownObject = /\.ram$|^ram-node\d+$|^mem$|^default$|^#/;

/** `undefined` for a kind whose options cannot be read back. */
function netdevOption({ id, type, details }: Netdev): CommandLineOption | undefined {
  const words = parseOptionList(details);
  const word = (key: string): readonly (readonly [string, string])[] => {
    const value = optionValue(words, key);
    return value === undefined ? [] : [[key, value]];
  };
  if (ownNetdev.test(id)) return undefined;
  switch (type) {
    case 'user':
      return details === 'net=10.0.2.0,restrict=off'
        ? listOption('netdev', [
            ['type', 'user'],
            ['id', id],
          ])
        : undefined;
    case 'tap':
      return optionValue(words, 'ifname') === undefined
        ? undefined
        : listOption('netdev', [
            ['type', 'tap'],
            ['id', id],
            ...word('ifname'),
            ...word('script'),
            ...word('downscript'),
          ]);
    default:
      return undefined;
  }
}

function objectOption({ id, type, properties }: GuestObject): CommandLineOption | undefined {
  if (ownObject.test(id)) return undefined;
  switch (type) {
    case 'memory-backend-ram': {
      const { 'host-nodes': nodes, policy, ...rest } = properties;
      if (policy !== 'default' || (nodes !== undefined && nodes !== '[]')) return undefined;
      return listOption('object', [['qom-type', type], ['id', id], ...Object.entries(rest)]);
    }
    case 'rng-builtin':
    case 'rng-random':
    case 'iothread':
      return listOption('object', [['qom-type', type], ['id', id], ...Object.entries(properties)]);
    default:
      return undefined;
  }
}
