import { invalidRequest, type SwitchyardError } from '#contract/errors.ts';
import { readCharacterDevice, shortCharacterDevices } from './character-device.ts';
import { has, valuesOf, type CommandLine } from './command-line.ts';
import { isOn, optionValue, parseOptionList } from './option-list.ts';
import { laterRoot } from './own-user.ts';
import { propertiesOf } from './properties.ts';

const impliedKeys: ReadonlyMap<string, string> = new Map([
  ['add-fd', ''],
  ['chardev', 'backend'],
  ['device', 'driver'],
  ['drive', ''],
  ['blockdev', 'driver'],
  ['fsdev', 'fsdriver'],
  ['net', 'type'],
  ['netdev', 'type'],
  ['nic', 'type'],
  ['virtfs', 'fsdriver'],
]);

const descriptorKeys = ['fd', 'fds', 'vhostfd', 'vhostfds', 'sock_fd'] as const;

/**
 * Why this command line cannot be run a second time, if it cannot: it means things that only its first process had.
 * A monitor is no such thing, because the twin gets one of its own.
 */
export function unrepeatable(commandLine: CommandLine): SwitchyardError | undefined {
  const passed = passedDescriptor(commandLine);
  if (passed !== undefined) {
    return invalidRequest(
      `This guest was given open files by the program that started it (${passed}), which its command line cannot repeat.`,
      'Move it with that program (libvirt, for instance), or restart the guest with files and interfaces that are named by path.',
      'guest.argv',
    );
  }
  if (has(commandLine, 'snapshot') || valuesOf(commandLine, 'drive').some(isSnapshot)) {
    return invalidRequest(
      "This guest's disk writes go to a temporary file of its own process (snapshot), which no other QEMU can open.",
      'Restart the guest without `-snapshot` or `snapshot=on`, or with an overlay image that both hosts can open.',
      'guest.argv',
    );
  }
  const root = laterRoot(commandLine);
  if (root !== undefined) {
    return invalidRequest(
      `This guest's QEMU has made ${root} its root directory, where the paths of its disks lead elsewhere when they are opened again.`,
      'Restart the guest without `-chroot`.',
      'guest.argv',
    );
  }
  const pipe = namedPipe(commandLine);
  if (pipe !== undefined) {
    return invalidRequest(
      `This guest has a character device on a named pipe (${pipe}), from which a second QEMU would take its input.`,
      'Restart the guest with a socket instead (`-chardev socket`).',
      'guest.argv',
    );
  }
  const [file] = valuesOf(commandLine, 'readconfig');
  if (file !== undefined) {
    return invalidRequest(
      `This guest has options in a file that was not read (\`-readconfig ${file}\`), whose sockets and disks a second QEMU would take from the first.`,
      'Restart the guest with these options on its command line.',
      'guest.argv',
    );
  }
  return undefined;
}

function passedDescriptor(commandLine: CommandLine): string | undefined {
  const monitors = new Set(
    valuesOf(commandLine, 'mon').map((value) => optionValue(parseOptionList(value, 'chardev'), 'chardev')),
  );
  for (const { name, value } of commandLine.options) {
    const impliedKey = impliedKeys.get(name);
    if (impliedKey === undefined || value === undefined) continue;
    const properties = propertiesOf(value, impliedKey);
    if (name === 'chardev' && monitors.has(properties.get('id')) && isPassedSocket(value)) continue;
    const key = descriptorKeys.find((each) => properties.has(each));
    if (key !== undefined) return `-${name} with ${key}=${properties.get(key)}`;
    if (value.includes('/dev/fdset/')) return `-${name} with /dev/fdset`;
  }
  return undefined;
}

function namedPipe(commandLine: CommandLine): string | undefined {
  return commandLine.options.flatMap(({ name, value = '' }) => {
    const isPipe = name === 'chardev' ? value.startsWith('pipe,') : /^(?:mon:)?pipe:/.test(value);
    return isPipe && (name === 'chardev' || shortCharacterDevices.has(name)) ? [`-${name} ${value}`] : [];
  })[0];
}

function isPassedSocket(chardev: string): boolean {
  return readCharacterDevice(parseOptionList(chardev, 'backend')).kind === 'passed-socket';
}

function isSnapshot(drive: string): boolean {
  return isOn(propertiesOf(drive, '').get('snapshot'));
}
