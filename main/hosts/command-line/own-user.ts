import { makeOption, valuesOf, withValue, type CommandLine, type CommandLineOption } from './command-line.ts';
import { optionValue, parseOptionList, printOptionList } from './option-list.ts';

/** The user that QEMU becomes by itself once it has opened everything: `-runas`, since 9.0 also `-run-with user=`. */
export function laterUser(commandLine: CommandLine): string | undefined {
  return runWith(commandLine, 'user') ?? valuesOf(commandLine, 'runas').at(-1);
}

/** The folder that becomes its root directory: `-chroot`, since 9.0 also `-run-with chroot=`. */
export function laterRoot(commandLine: CommandLine): string | undefined {
  return runWith(commandLine, 'chroot') ?? valuesOf(commandLine, 'chroot').at(-1);
}

/** The same option without a change of the user, for a QEMU that is started as that user; nothing where nothing is left. */
export function withoutLaterUser(source: CommandLineOption): CommandLineOption | undefined {
  const { name, value } = source;
  if (name === 'runas') return undefined;
  if (name !== 'run-with' || value === undefined) return source;
  const items = parseOptionList(value);
  const kept = items.filter(({ key }) => key !== 'user');
  if (kept.length === items.length) return source;
  return kept.length === 0 ? undefined : withValue(source, printOptionList(kept));
}

/**
 * A QEMU whose name ends in `kvm` takes KVM where its command line names no accelerator (softmmu/vl.c,
 * configure_accelerators). The name of a process is its own word, so a twin is given the choice in options.
 */
export function acceleratorsByName(commandLine: CommandLine): readonly CommandLineOption[] {
  const names = ['accel', 'enable-kvm', 'no-kvm', 'enable-hax'];
  const isNamed = commandLine.options.some((each) => names.includes(each.name)) || machineAccelerator(commandLine);
  if (isNamed || !commandLine.program.endsWith('kvm')) return [];
  return [makeOption('accel', 'kvm'), makeOption('accel', 'tcg')];
}

function machineAccelerator(commandLine: CommandLine): boolean {
  return valuesOf(commandLine, 'machine', 'M').some(
    (value) => optionValue(parseOptionList(value, 'type'), 'accel') !== undefined,
  );
}

function runWith(commandLine: CommandLine, key: string): string | undefined {
  return optionValue(
    valuesOf(commandLine, 'run-with').flatMap((value) => parseOptionList(value)),
    key,
  );
}
