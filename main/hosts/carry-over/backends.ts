import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { GuestObject, Netdev, Portrait } from '#main/likeness/portrait.ts';
import type { CommandLine, CommandLineOption } from '#main/hosts/command-line/command-line.ts';
import { parseOptionList, optionValue } from '#main/hosts/command-line/option-list.ts';
import { carried, type Change } from './change.ts';
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
      present: new Set(source.netdevs.map(({ id }) => id)),
      added: source.netdevs.map((netdev) => ({ id: netdev.id, option: netdevOption(netdev) })),
    },
    {
      option: 'object',
      impliedKey: 'qom-type',
      row: 'object',
      title: 'The object',
      present: new Set(source.objects.map(({ id }) => id)),
      added: source.objects.map((object) => ({ id: object.id, option: objectOption(object) })),
    },
    {
      option: 'chardev',
      impliedKey: 'backend',
      row: 'character-device',
      title: 'The character device',
      present: new Set(source.characterDevices.map(({ id }) => id)),
      added: source.characterDevices.map(({ id, kind }) => ({
        id,
        option:
          kind === 'null' && !implicit.test(id)
            ? listOption('chardev', [
                ['backend', 'null'],
                ['id', id],
              ])
            : undefined,
      })),
    },
  ];
  let { options } = commandLine;
  for (const { option: name, impliedKey, row, title, present, added } of kinds) {
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
      if (option === undefined || known.has(id)) return [];
      findings.push(carried(row, id, `${title} ${id} came while the guest ran.`));
      return [option];
    });
    options = [...news, ...kept];
  }
  return { commandLine: { ...commandLine, options }, findings };
}

/** Character devices that other options make: `-serial`, `-monitor`, a console. */
const implicit = /^(?:compat_monitor|serial|parallel|gdb|vc|debugcon|con|virtcon|mon)\d*$|^#/;

/** `undefined` for a kind whose options cannot be read back: then the twin lacks it, and that is refused by name. */
function netdevOption({ id, type, details }: Netdev): CommandLineOption | undefined {
  const words = parseOptionList(details);
  const word = (key: string): readonly (readonly [string, string])[] => {
    const value = optionValue(words, key);
    return value === undefined ? [] : [[key, value]];
  };
  // `-nic` and `-net` name their own backends so.
  if (id.startsWith('__org.qemu') || id.startsWith('#')) return undefined;
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
  // What the machine has made for itself has an id of its own form.
  if (/\.ram$|^ram-node\d+$|^mem$|^default$|^#/.test(id)) return undefined;
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
