import type { QemuFeatures } from '#main/qmp/features.ts';
import type { MigrationTarget } from '#main/qmp/schema.ts';
import { addressError, checked, type Address, type InetAddress } from './model.ts';
import { toMigrationChannel } from './qapi.ts';
import { printMigrationUri } from './uri.ts';

/** What of a QEMU decides on how it wants its addresses. */
export type AddressDialect = Pick<QemuFeatures, 'mptcp' | 'keepAliveTuning' | 'channels'>;

/** `listen` on the destination, `connect` on the source: some options mean something on one side only. */
export type AddressRole = 'listen' | 'connect';

/**
 * The arguments by which `migrate-incoming` (listen) and `migrate` (connect) of this QEMU name the address: typed `channels`
 * where they are known (8.2), else the string. Throws a SwitchyardError `invalid-request` where this QEMU would refuse the
 * address or, worse, take it for another one.
 */
export function migrationTarget(address: Address, role: AddressRole, dialect: AddressDialect): MigrationTarget {
  const fitting = fit(address, role, dialect);
  return dialect.channels ? { channels: [toMigrationChannel(fitting)] } : { uri: textFor(fitting, dialect) };
}

/** The string that `migrate-recover` takes in every QEMU, and `-incoming` on a command line. */
export function migrationUri(address: Address, role: AddressRole, dialect: AddressDialect): string {
  return textFor(fit(address, role, dialect), dialect);
}

function fit(address: Address, role: AddressRole, dialect: AddressDialect): Address {
  const known = mptcpOnlyWhereKnown(address, dialect);
  if (address.type !== 'inet') return known;
  const text = printMigrationUri(address);
  if (role === 'connect') refuseListenersOptions(address, text);
  else if (address.keepAlive !== undefined && !dialect.keepAliveTuning)
    throw addressError(
      text,
      'asks a listener for keep-alive, which QEMU has from 10.1 on',
      'Leave keep-alive out here; it can be set on the connecting side.',
    );
  if (usesTuning(address) && !dialect.keepAliveTuning)
    throw addressError(
      text,
      'has keep-alive numbers, which QEMU has from 10.1 on',
      'Leave keep-alive-count, keep-alive-idle and keep-alive-interval out.',
    );
  return known;
}

function refuseListenersOptions(address: InetAddress, text: string): void {
  if (address.to !== undefined)
    throw addressError(text, 'has a range of ports to connect to', 'Leave to= out: it is for the listening side.');
  if (address.port === 0)
    throw addressError(text, 'has no port to connect to', 'Write the port that the destination opened.');
  if (address.host === '')
    throw addressError(text, 'has no host to connect to', 'Write the name or the address of the destination.');
}

/**
 * The address as it is where this QEMU knows `mptcp`, and without it where it is off anyway. A QEMU that does not know the
 * option would skip it silently and use plain TCP: asking for it is refused there.
 */
export function mptcpOnlyWhereKnown(address: Address, { mptcp }: Pick<AddressDialect, 'mptcp'>): Address {
  const text = printMigrationUri(address);
  checked(address, text);
  if (address.type !== 'inet' || mptcp) return address;
  if (address.mptcp === true)
    throw addressError(
      text,
      'asks for mptcp, which this QEMU does not know',
      'Use a QEMU from 6.1 on that was built against a C library with IPPROTO_MPTCP, or leave mptcp out.',
    );
  const { mptcp: _off, ...rest } = address;
  return rest;
}

function textFor(address: Address, dialect: AddressDialect): string {
  const text = printMigrationUri(address);
  if (address.type === 'unix' && address.abstract !== undefined) throw typedOnly(text, 'is an abstract unix socket');
  if (address.type === 'inet' && !dialect.keepAliveTuning) {
    if (address.numeric !== undefined) throw typedOnly(text, 'has the option numeric');
    if (address.host.length > maxHostLettersBefore101) throw typedOnly(text, 'has a host of more than 64 letters');
  }
  return text;
}

/** `inet_parse` read the host with `%64[^:]` until 10.1. */
const maxHostLettersBefore101 = 64;

function typedOnly(text: string, problem: string): Error {
  return addressError(
    text,
    `${problem}, which the address strings of this QEMU cannot express`,
    'Use another address.',
  );
}

function usesTuning({ keepAliveCount, keepAliveIdleSeconds, keepAliveIntervalSeconds }: InetAddress): boolean {
  return [keepAliveCount, keepAliveIdleSeconds, keepAliveIntervalSeconds].some((value) => value !== undefined);
}
