import type { MigrationSettings } from '#contract/migration.ts';
import type { Display, Portrait } from '#main/likeness/portrait.ts';
import type { Qemu } from './ports.ts';

/** Displays whose password only QEMU knows, by `VncInfo.auth` and `SpiceInfo.auth`. */
const withPassword: ReadonlySet<string> = new Set(['vnc', 'spice', 'ticketing']);

const kinds = ['vnc', 'spice'] as const;

/** A display that asks its clients for a password, and the file that the operator has named for it. */
export interface PasswordDisplay {
  readonly kind: (typeof kinds)[number];
  readonly file: string | undefined;
  /** The twin has one from the command line: the password itself, or the object that holds it. */
  readonly isTyped: boolean;
}

/** A guest's displays with a password, which cannot be read back. */
export function passwordDisplays(
  displays: readonly Display[],
  { passwordFiles = {} }: Pick<MigrationSettings, 'passwordFiles'>,
  argv: readonly string[],
): readonly PasswordDisplay[] {
  return kinds
    .filter((kind) =>
      displays.some((each) => each.kind === kind && each.enabled && withPassword.has(each.authentication)),
    )
    .map((kind) => ({
      kind,
      file: passwordFiles[kind],
      isTyped: argv.some((each, index) => argv[index - 1] === `-${kind}` && givesPassword.test(each)),
    }));
}

/** `password=on` of VNC only says that there is one. */
const givesPassword = /(?:^|,)password(?:-secret=|=(?!on\b|off\b|yes\b|no\b|true\b|false\b))/;

/** Before anything moves: a client that reaches the destination early finds the password set. */
export async function setPasswords(guest: Portrait, settings: MigrationSettings, destination: Qemu): Promise<void> {
  for (const { kind, file } of passwordDisplays(guest.displays, settings, [])) {
    if (file !== undefined) await destination.setPassword(kind, file);
  }
}
