import { makeOption, valuesOf, type CommandLine, type CommandLineOption } from './command-line.ts';
import { optionItem, optionValue, parseOptionList, printOptionList } from './option-list.ts';
import { propertiesOf } from './properties.ts';

/** A TPM whose state is in another process (swtpm), behind the socket of a character device. */
export interface EmulatedTpm {
  /** Id of the character device. */
  readonly characterDevice: string;
  /** Where the source reaches its swtpm; `undefined` for what is no socket with a path (TCP, an open file). */
  readonly path: string | undefined;
  /** Which TPM its device is, as far as the device decides it: `tpm-crb` is a TPM 2.0. */
  readonly version: '2' | undefined;
}

/** QEMU takes one TPM at most (softmmu/tpm.c). */
export function emulatedTpm(commandLine: CommandLine): EmulatedTpm | undefined {
  const [backend] = valuesOf(commandLine, 'tpmdev')
    .map((value) => parseOptionList(value, 'type'))
    .filter((items) => optionValue(items, 'type') === 'emulator');
  const id = backend && optionValue(backend, 'chardev');
  if (id === undefined) return undefined;
  const device = valuesOf(commandLine, 'chardev')
    .map((value) => parseOptionList(value, 'backend'))
    .find((items) => optionValue(items, 'id') === id);
  const drivers = valuesOf(commandLine, 'device').map((value) => propertiesOf(value, 'driver').get('driver'));
  return {
    characterDevice: id,
    path: optionValue(device ?? [], 'path'),
    version: drivers.includes('tpm-crb') ? '2' : undefined,
  };
}

/** The same option, where it leads to the swtpm, with another swtpm behind it. */
export function withTpmAt(
  source: CommandLineOption,
  { characterDevice }: EmulatedTpm,
  path: string,
): CommandLineOption {
  if (source.name !== 'chardev' || source.value === undefined) return source;
  if (optionValue(parseOptionList(source.value, 'backend'), 'id') !== characterDevice) return source;
  const items = [optionItem('id', characterDevice), optionItem('path', path)];
  return makeOption('chardev', `socket,${printOptionList(items)}`);
}
