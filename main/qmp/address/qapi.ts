import { isJsonObject, type JsonObject, type JsonValue } from '#main/qmp/json.ts';
import type {
  InetSocketAddress,
  MigrationChannel,
  SocketAddress,
  SocketAddressLegacy,
  UnixSocketAddress,
} from '#main/qmp/schema.ts';
import { inetFlags, inetNumbers, inetOptionNames, type InetDraft } from './inet-options.ts';
import { addressError, checked, decimal, type Address, type InetAddress, type UnixAddress } from './model.ts';
import { suggestion } from './suggest.ts';

/** Flat: for migration channels and `blockdev-add`. */
export function toSocketAddress(address: Address): SocketAddress {
  switch (address.type) {
    case 'inet':
      return { type: 'inet', ...inetMembers(address) };
    case 'unix':
      return { type: 'unix', ...unixMembers(address) };
    case 'vsock':
      return { type: 'vsock', cid: String(address.cid), port: String(address.port) };
    case 'fd':
      return { type: 'fd', str: address.name };
  }
}

/** Nested: for `nbd-server-start` and chardevs. */
export function toSocketAddressLegacy(address: Address): SocketAddressLegacy {
  switch (address.type) {
    case 'inet':
      return { type: 'inet', data: inetMembers(address) };
    case 'unix':
      return { type: 'unix', data: unixMembers(address) };
    case 'vsock':
      return { type: 'vsock', data: { cid: String(address.cid), port: String(address.port) } };
    case 'fd':
      return { type: 'fd', data: { str: address.name } };
  }
}

export function toMigrationChannel(address: Address): MigrationChannel {
  return { 'channel-type': 'main', addr: { transport: 'socket', ...toSocketAddress(address) } };
}

export interface ReadOptions {
  /** `refuse` what an operator wrote, where it is a typo; `ignore` what a QEMU says, which may be newer. */
  readonly unknownMembers: 'refuse' | 'ignore';
}

/** Reads the flat form. Throws a SwitchyardError `invalid-request`. */
export function fromSocketAddress(value: JsonValue, options: ReadOptions): Address {
  const { type, ...members } = objectOf(value, value);
  return readMembers(type, members, value, options);
}

export function fromSocketAddressLegacy(value: JsonValue, options: ReadOptions): Address {
  const { type, data, ...others } = objectOf(value, value);
  refuseOthers(Object.keys(others), ['type', 'data'], value, options);
  return readMembers(type, objectOf(data, value), value, options);
}

/** Reads one `MigrationChannel`, or the list of one that the commands take. */
export function fromMigrationChannel(value: JsonValue, options: ReadOptions): Address {
  const channels: readonly JsonValue[] = Array.isArray(value) ? value : [value];
  if (channels.length !== 1)
    throw refusal(
      value,
      'is not exactly one channel',
      'Give the main channel alone: QEMU takes no other for a live migration.',
    );
  const { 'channel-type': kind, addr, ...others } = objectOf(channels[0], value);
  refuseOthers(Object.keys(others), ['channel-type', 'addr'], value, options);
  if (kind !== 'main') throw refusal(value, 'is not the main channel', 'Write "channel-type": "main".');
  const { transport, ...address } = objectOf(addr, value);
  if (transport !== 'socket')
    throw refusal(value, 'is not a socket', 'Write "transport": "socket": exec, rdma and file are not used here.');
  return fromSocketAddress(address, options);
}

function inetMembers(address: InetAddress): InetSocketAddress {
  const members: Mutable<InetSocketAddress> = { host: address.host, port: String(address.port) };
  for (const [name, key] of inetNumbers) {
    const value = address[key];
    if (value !== undefined) members[name] = value;
  }
  for (const [name, key] of inetFlags) {
    const value = address[key];
    if (value !== undefined) members[name] = value;
  }
  return members;
}

function unixMembers({ path, abstract, tight }: UnixAddress): UnixSocketAddress {
  return { path, ...(abstract === undefined ? {} : { abstract }), ...(tight === undefined ? {} : { tight }) };
}

function readMembers(
  type: JsonValue | undefined,
  members: JsonObject,
  whole: JsonValue,
  options: ReadOptions,
): Address {
  const reader = new MemberReader(members, whole, options);
  switch (type) {
    case 'inet':
      return checked(readInet(reader), textOf(whole));
    case 'unix':
      return checked(readUnix(reader), textOf(whole));
    case 'vsock':
      return checked(readVsock(reader), textOf(whole));
    case 'fd':
      reader.expectOnly(['str']);
      return checked({ type: 'fd', name: reader.text('str') }, textOf(whole));
    default:
      throw refusal(whole, 'has no known type', 'Write "type": "inet", "unix", "vsock" or "fd".');
  }
}

function readInet(reader: MemberReader): Address {
  reader.expectOnly(['host', 'port', ...inetOptionNames]);
  const address: InetDraft = { type: 'inet', host: reader.text('host'), port: reader.decimalText('port') };
  for (const [name, key] of inetNumbers) {
    const value = reader.number(name);
    if (value !== undefined) address[key] = value;
  }
  for (const [name, key] of inetFlags) {
    const value = reader.flag(name);
    if (value !== undefined) address[key] = value;
  }
  return address;
}

function readUnix(reader: MemberReader): Address {
  reader.expectOnly(['path', 'abstract', 'tight']);
  const [abstract, tight] = [reader.flag('abstract'), reader.flag('tight')];
  return {
    type: 'unix',
    path: reader.text('path'),
    ...(abstract === undefined ? {} : { abstract }),
    ...(tight === undefined ? {} : { tight }),
  };
}

function readVsock(reader: MemberReader): Address {
  reader.expectOnly(['cid', 'port']);
  return { type: 'vsock', cid: reader.decimalText('cid'), port: reader.decimalText('port') };
}

class MemberReader {
  readonly #members: JsonObject;
  readonly #whole: JsonValue;
  readonly #options: ReadOptions;

  constructor(members: JsonObject, whole: JsonValue, options: ReadOptions) {
    this.#members = members;
    this.#whole = whole;
    this.#options = options;
  }

  expectOnly(known: readonly string[]): void {
    refuseOthers(Object.keys(this.#members), known, this.#whole, this.#options);
  }

  text(name: string): string {
    const value = this.#members[name];
    if (typeof value !== 'string') throw refusal(this.#whole, `has no text for ${name}`, `Write "${name}": "...".`);
    return value;
  }

  /** QAPI keeps ports and the like as strings. */
  decimalText(name: string): number {
    const value = decimal(this.text(name));
    if (value === undefined)
      throw refusal(this.#whole, `has no number for ${name}`, `Write "${name}": "..." with a decimal number.`);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.#members[name];
    if (value === undefined || typeof value === 'number') return value;
    throw refusal(this.#whole, `has no number for ${name}`, `Write "${name}": and a number, without quotes.`);
  }

  flag(name: string): boolean | undefined {
    const value = this.#members[name];
    if (value === undefined || typeof value === 'boolean') return value;
    throw refusal(
      this.#whole,
      `has neither true nor false for ${name}`,
      `Write "${name}": true or false, without quotes.`,
    );
  }
}

function refuseOthers(
  names: readonly string[],
  known: readonly string[],
  whole: JsonValue,
  { unknownMembers }: ReadOptions,
): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined || unknownMembers === 'ignore') return;
  const meant = suggestion(unknown, known);
  throw refusal(
    whole,
    `has the unknown member ${JSON.stringify(unknown)}`,
    meant === undefined ? `Known members are ${known.join(', ')}.` : `Did you mean ${meant}?`,
  );
}

function objectOf(value: JsonValue | undefined, whole: JsonValue): JsonObject {
  if (isJsonObject(value)) return value;
  throw refusal(whole, 'is not an address object', 'Write {"type": "inet", "host": "...", "port": "..."}.');
}

function refusal(whole: JsonValue, problem: string, remedy: string): Error {
  return addressError(textOf(whole), problem, remedy);
}

/** For people only: a bigint reads well enough as its digits. */
function textOf(value: JsonValue): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? String(member) : member));
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
