import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { qemuProgram } from '#lab/guest/command-line.ts';

/** How the destination's QEMU differs from the source's: shell words of a `case` over its arguments, and further ones. */
export interface Difference {
  /** From an argument to what stands in its place. */
  readonly instead?: Readonly<Record<string, string>>;
  readonly more?: readonly string[];
}

export interface OtherProgram extends Disposable {
  /** From now on the destination has the same program again. */
  leave(): void;
}

/**
 * A destination host with another QEMU under the same name, until disposed: the same program, which understands some words
 * of the command line differently (an alias of another release, a device that it has not, a processor without a feature).
 * Programs are found in PATH, so that is where it stands first; root runs none that lies in a folder of all (/tmp).
 */
export function otherProgramOnDestination({ instead = {}, more = [] }: Difference): OtherProgram {
  const folder = mkdtempSync('/run/sy-program-');
  const path = process.env['PATH'] ?? '';
  const replaced = Object.entries(instead).map(([from, to]) => `${quoted(from)}) argument=${quoted(to)} ;;`);
  const script = `#!/bin/bash
words=()
for argument in "$@"; do
  case "$argument" in ${replaced.join(' ')} esac
  words+=("$argument")
done
case " $* " in *' -incoming '*) words+=(${more.map(quoted).join(' ')}) ;; *) words=("$@") ;; esac
PATH=${quoted(path)} exec -a ${qemuProgram} ${qemuProgram} "\${words[@]}"
`;
  writeFileSync(join(folder, qemuProgram), script, { mode: 0o755 });
  process.env['PATH'] = `${folder}${delimiter}${path}`;
  const leave = (): void => {
    process.env['PATH'] = path;
    rmSync(folder, { recursive: true, force: true });
  };
  return { leave, [Symbol.dispose]: leave };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
