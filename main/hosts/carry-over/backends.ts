import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { GuestObject, Netdev, Portrait } from '#main/likeness/portrait.ts';
import { withValue, type CommandLine, type CommandLineOption } from '#main/hosts/command-line/command-line.ts';
import {
  isOn,
  optionItem,
  optionValue,
  parseOptionList,
  printOptionList,
} from '#main/hosts/command-line/option-list.ts';
import { carried, notReported, refused, type Change } from './change.ts';
import { editable, listOption } from './editable.ts';
import { mentions } from './mentions.ts';

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
      added: source.netdevs.map((netdev) => ({
        id: netdev.id,
        option: netdevOption(netdev, vhostOf(commandLine, source)),
      })),
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
  let { options } = withForwards(commandLine, source, findings);
  // A device uses backends and makes none; one that was plugged in names its own, which nothing else does.
  const words = commandLine.options.filter(({ name }) => name !== 'device').map(({ value = '' }) => value);
  for (const { option: name, impliedKey, row, title, removal, isOwn, present, added } of kinds) {
    const known = new Set<string>(name === 'netdev' ? idsOf(options, ['nic', 'net']) : []);
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
        if (isOwn(id) || words.some((value) => mentions(value, id.replace(/-base$/, '')))) return [];
        findings.push(unreadable(row, id, title, removal));
        return [];
      }
      findings.push(carried(row, id, `${title} ${id} was added while the guest was running.`));
      if (name === 'netdev') findings.push(...unreadOptions(id, source));
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
    `${title} ${id} was added while the guest was running, and QEMU does not report its options.`,
    `Remove it with \`${removal}\`, migrate, and add it again; or restart the guest with it on its command line.`,
  );
}

/** Character devices that other options make: `-serial`, `-monitor`, a console; and what lies beneath several on one. */
export const ownCharacterDevice =
  /^(?:compat_monitor|serial|parallel|gdb|vc|debugcon|con|virtcon|mon|hmp)\d*(?:-base|-dbg)?$|^#/;
/** Backends of `-nic` and `-net`. */
const ownNetdev = /^(?:__org\.qemu|#|hub\d+port\d+$)/;
/** What the machine has made for itself has an id of its own form. */
const ownObject = /\.ram$|^ram-node\d+$|^mem$|^default$|^#/;

/** Names that the operator has given in other options that make backends. */
function idsOf(options: readonly CommandLineOption[], names: readonly string[]): readonly string[] {
  return options.flatMap((option) => (names.includes(option.name) ? (editable(option, 'type').get('id') ?? []) : []));
}

/** What QEMU reports of no backend, by the kind of the backend. */
const unread: Readonly<Record<string, string>> = {
  user: 'hostname, dns, dnssearch, domainname, tftp, smb, guestfwd',
  tap: 'sndbuf, vnet_hdr, poll-us',
};

function unreadOptions(id: string, { netdevs }: Portrait): readonly JudgedFinding[] {
  return Object.entries(unread).flatMap(([type, names]) =>
    netdevs.some((netdev) => netdev.id === id && netdev.type === type)
      ? [notReported('netdev', id, `the network backend ${id}`, names)]
      : [],
  );
}

/** Whether the taps that came later are served by the kernel; `undefined` where some are and some are not. */
function vhostOf({ options }: CommandLine, { netdevs, process }: Portrait): boolean | undefined {
  const started = options
    .filter(({ name }) => ['netdev', 'nic', 'net'].includes(name))
    .map((option) => editable(option, 'type'));
  const ids = new Set(started.map((option) => option.get('id')));
  const before = started
    .filter((option) => isOn(option.get('vhost')))
    .reduce((sum, option) => sum + (netdevs.find(({ id }) => id === option.get('id'))?.queues ?? 1), 0);
  const later = netdevs
    .filter(({ id, type }) => type === 'tap' && !ownNetdev.test(id) && !ids.has(id))
    .reduce((sum, { queues }) => sum + queues, 0);
  const served = process.vhostQueues - before;
  if (served === 0) return false;
  return served === later ? true : undefined;
}

/** `undefined` for a kind whose options cannot be read back: then that is refused by name. */
function netdevOption(
  { id, type, details, queues, forwards }: Netdev,
  vhost: boolean | undefined,
): CommandLineOption | undefined {
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
            ...forwards.map((forward) => ['hostfwd', forward] as const),
          ])
        : undefined;
    case 'tap':
      return optionValue(words, 'ifname') === undefined || vhost === undefined
        ? undefined
        : listOption('netdev', [
            ['type', 'tap'],
            ['id', id],
            ...word('ifname'),
            ...word('script'),
            ...word('downscript'),
            ...(queues > 1 ? [['queues', `${queues}`] as const] : []),
            ...(vhost ? [['vhost', 'on'] as const] : []),
          ]);
    default:
      return undefined;
  }
}

/** Ports that `hostfwd_add` and `hostfwd_remove` have changed. A network without a name is known where it is the only one. */
function withForwards(commandLine: CommandLine, { netdevs }: Portrait, findings: JudgedFinding[]): CommandLine {
  const users = commandLine.options.filter((option) => isUserNetwork(option));
  const unnamed = users.filter((option) => editable(option, 'type').get('id') === undefined);
  const options = commandLine.options.map((option) => {
    if (!users.includes(option)) return option;
    const id = editable(option, 'type').get('id');
    const found = netdevs.filter(
      (each) => each.type === 'user' && (id === undefined ? ownNetdev.test(each.id) : each.id === id),
    );
    const [netdev] = found;
    if (!netdev || found.length > 1 || (id === undefined && unnamed.length > 1)) return option;
    const { value: text } = option;
    // The forwards of an option in JSON are a list of its own.
    if (text === undefined || text.startsWith('{')) return option;
    const items = parseOptionList(text, 'type');
    const given = items.filter(({ key }) => key === 'hostfwd').map(({ value }) => value);
    if (isSameForwards(given, netdev.forwards)) return option;
    const label = id ?? 'without an id';
    const now = netdev.forwards.length === 0 ? 'no ports' : netdev.forwards.join(', ');
    findings.push(carried('netdev', label, `The network backend ${label} forwards ${now} now.`));
    const others = items.filter(({ key }) => key !== 'hostfwd');
    return withValue(
      option,
      printOptionList([...others, ...netdev.forwards.map((forward) => optionItem('hostfwd', forward))]),
    );
  });
  return { ...commandLine, options };
}

function isUserNetwork(option: CommandLineOption): boolean {
  return ['netdev', 'nic', 'net'].includes(option.name) && editable(option, 'type').get('type') === 'user';
}

/** The guest's address is its first one where the operator gives none, and the protocol is TCP. */
function isSameForwards(given: readonly string[], present: readonly string[]): boolean {
  const parse = (text: string): readonly string[] =>
    (/^(tcp|udp)?:([^:]*):(\d+)-([^:]*):(\d+)$/.exec(text) ?? []).slice(1).map((part) => part ?? '');
  const isOf = (option: string, forward: string): boolean => {
    const [protocol = '', host, port, guest = '', guestPort] = parse(option);
    const [nowProtocol, nowHost, nowPort, nowGuest, nowGuestPort] = parse(forward);
    const isAnywhere = host === '' || host === '0.0.0.0';
    return (
      (protocol === '' ? 'tcp' : protocol) === nowProtocol &&
      (isAnywhere ? nowHost === '' : host === nowHost) &&
      (guest === '' || guest === nowGuest) &&
      port === nowPort &&
      guestPort === nowGuestPort
    );
  };
  return (
    given.length === present.length &&
    given.every((option) => present.some((forward) => isOf(option, forward))) &&
    present.every((forward) => given.some((option) => isOf(option, forward)))
  );
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
