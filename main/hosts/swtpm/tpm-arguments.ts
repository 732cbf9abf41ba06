import { dirname } from 'node:path';
import { optionValue, parseOptionList } from '#main/hosts/command-line/option-list.ts';

/** What the swtpm of a source was started with, as far as the twin's must be alike. */
export interface TpmKind {
  readonly version: '1.2' | '2';
  /** Options that the twin's swtpm repeats: how its state is encrypted, which localities it takes. */
  readonly repeated: readonly string[];
}

const repeatedOptions: ReadonlySet<string> = new Set(['--key', '--migration-key', '--locality']);

/** Which socket an swtpm listens on for QEMU (`--ctrl type=unixio,path=`); `undefined` for what is no such swtpm. */
export function controlSocketOf(argv: readonly string[]): string | undefined {
  const value = argv[argv.indexOf('--ctrl') + 1];
  return argv.includes('--ctrl') && value !== undefined ? optionValue(parseOptionList(value), 'path') : undefined;
}

/** An option that names an open file (`--key fd=3`), or a file by a relative path, cannot be repeated: it is the second. */
export function readTpmKind(argv: readonly string[]): TpmKind | { readonly unrepeatable: string } {
  const pairs = argv.flatMap((name, index) =>
    repeatedOptions.has(name) ? [[name, argv[index + 1] ?? ''] as const] : [],
  );
  const unrepeatable = pairs.find(([, value]) =>
    parseOptionList(value).some(({ key, value: text }) => {
      return key.endsWith('fd') || (key.endsWith('file') && !text.startsWith('/'));
    }),
  );
  if (unrepeatable) return { unrepeatable: unrepeatable.join(' ') };
  return { version: argv.includes('--tpm2') ? '2' : '1.2', repeated: pairs.flat() };
}

/**
 * An swtpm that keeps its state beside its socket and ends by itself once QEMU has closed the connection, however QEMU has
 * ended.
 */
export function swtpmArguments(socketPath: string, { version, repeated }: TpmKind): readonly string[] {
  const only = 'mode=0600';
  return [
    'swtpm',
    'socket',
    '--tpmstate',
    `dir=${dirname(socketPath)},${only}`,
    '--ctrl',
    `type=unixio,path=${socketPath},${only}`,
    '--terminate',
    ...(version === '2' ? ['--tpm2'] : []),
    ...repeated,
  ];
}
