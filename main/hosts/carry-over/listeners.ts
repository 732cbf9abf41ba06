import type { ListenerPortrait, Portrait } from '#main/likeness/portrait.ts';
import type { CommandLine } from '#main/hosts/command-line/command-line.ts';
import { refused, type Change } from './change.ts';
import { mentions } from './mentions.ts';
import { ownCharacterDevice } from './backends.ts';

/**
 * What a monitor command has opened for clients to connect to (`nbd-server-start`, `gdbserver`, `chardev-add`): no argument mentions it, so that the destination would not have it. Nothing can be put in its place,
 * because the clients are at the source.
 */
export function refuseListeners(commandLine: CommandLine, { process: { listeners }, netdevs }: Portrait): Change {
  const words = commandLine.options.map(({ raw }) => raw.join(' '));
  const names = new Set(commandLine.options.map(({ name }) => name));
  // Those are carried over.
  const forwarded = netdevs.flatMap(({ forwards }) => forwards.map((each) => each.replace(/^.*(:\d+)-.*$/, '$1')));
  const findings = listeners
    .filter((listener) => !isOfCommandLine(listener, words, names))
    .filter(({ owner, address }) => owner !== '' || !forwarded.some((port) => address.endsWith(port)))
    .map(({ owner, address }) => {
      const item = owner === '' ? address : owner;
      return refused(
        'listener',
        item,
        `The guest's QEMU listens on ${address}${owner === '' ? '' : ` (${owner})`}, which is not on its command line: it was opened by a monitor command.`,
        'End it (`nbd_server_stop`, `gdbserver none`, `chardev-remove`), migrate, and open it again on the destination.',
      );
    });
  return { commandLine, findings };
}

function isOfCommandLine(
  { owner, address }: ListenerPortrait,
  words: readonly string[],
  names: ReadonlySet<string>,
): boolean {
  // Behind a multiplexer (`mux=on`) is a device of QEMU's own naming (chardev/char.c).
  const id = /^character device "(.*?)(?:-base)?"$/.exec(owner)?.[1];
  if (id === 'gdb') return names.has('gdb') || names.has('s');
  if (id !== undefined) return ownCharacterDevice.test(id) || words.some((word) => mentions(word, id));
  if (owner !== '') return true;
  const place = address.replace(/^TCP .*:|^unix socket /, '');
  return words.some((word) => mentions(word, place));
}
