/** One option of a QEMU command line, or an argument without a dash (the image of the first hard disk). */
export interface CommandLineOption {
  /** Without dashes, as QEMU takes `-name` and `--name` alike; empty for an argument without a dash. */
  readonly name: string;
  readonly value: string | undefined;
  /** The arguments it was written in. */
  readonly raw: readonly [string, ...string[]];
}

export interface CommandLine {
  readonly program: string;
  readonly options: readonly CommandLineOption[];
}

/** Options that stand alone (qemu-options.hx, entries without HAS_ARG, from QEMU 2.12 to 10). */
const withoutValue: ReadonlySet<string> = new Set([
  'S',
  'alt-grab',
  'async-teardown',
  'audio-help',
  'ctrl-grab',
  'curses',
  'daemonize',
  'enable-fips',
  'enable-hax',
  'enable-kvm',
  'enable-sync-profile',
  'full-screen',
  'h',
  'help',
  'mem-prealloc',
  'no-acpi',
  'no-fd-bootchk',
  'no-frame',
  'no-hpet',
  'no-kvm',
  'no-quit',
  'no-reboot',
  'no-shutdown',
  'no-user-config',
  'nodefaults',
  'nodefconfig',
  'nographic',
  'old-param',
  'only-migratable',
  'portrait',
  'preconfig',
  's',
  'sdl',
  'semihosting',
  'singlestep',
  'snapshot',
  'tdf',
  'usb',
  'version',
  'win2k-hack',
  'xen-attach',
  'xen-domid-restrict',
]);

/** Options whose value is free text, which may begin with a dash. */
const freeText: ReadonlySet<string> = new Set(['append', 'fw_cfg', 'name', 'smbios']);

/**
 * Splits what the kernel says a QEMU was started with. An option that is not in the table takes the next argument
 * unless that begins with a dash, so that a newer QEMU's switch does not swallow its neighbour.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const [program = ''] = argv;
  const options: CommandLineOption[] = [];
  // By index: taking one argument after the other from the front takes a minute where there are 300,000.
  let valueAt = 0;
  for (const [at, argument] of argv.entries()) {
    if (at === 0 || at === valueAt) continue;
    if (!argument.startsWith('-') || argument === '-') {
      options.push({ name: '', value: argument, raw: [argument] });
      continue;
    }
    const name = argument.replace(/^--?/, '');
    const next = argv[at + 1];
    if (withoutValue.has(name) || next === undefined || (next.startsWith('-') && !freeText.has(name))) {
      options.push({ name, value: undefined, raw: [argument] });
      continue;
    }
    options.push({ name, value: next, raw: [argument, next] });
    valueAt = at + 1;
  }
  return { program, options };
}

export function printCommandLine(commandLine: CommandLine): readonly string[] {
  return [commandLine.program, ...commandLine.options.flatMap((option) => option.raw)];
}

/** The same option with another value, its dashes kept. */
export function withValue(source: CommandLineOption, value: string): CommandLineOption {
  return { ...source, value, raw: [source.raw[0], value] };
}

export function makeOption(name: string, value?: string): CommandLineOption {
  return { name, value, raw: value === undefined ? [`-${name}`] : [`-${name}`, value] };
}

/** Values of every occurrence of these options, in order. */
export function valuesOf(commandLine: CommandLine, ...names: readonly string[]): readonly string[] {
  return commandLine.options.flatMap((each) =>
    names.includes(each.name) && each.value !== undefined ? [each.value] : [],
  );
}

export function has(commandLine: CommandLine, ...names: readonly string[]): boolean {
  return commandLine.options.some((each) => names.includes(each.name));
}
