import type { JsonObject, JsonValue } from '#main/qmp/json.ts';
import { inetFlags, inetNumbers } from './inet-options.ts';
import { fromMigrationChannel, fromSocketAddress, toSocketAddress } from './qapi.ts';
import { addressError, type Address } from './model.ts';

/**
 * The command line's way of writing a typed address, as in `-blockdev driver=nbd,server.type=inet,server.host=...`: members
 * with dots, a comma inside of a value doubled (keyval_parse in QEMU's util/keyval.c).
 */
export function printDottedAddress(prefix: string, address: Address): string {
  return Object.entries(toSocketAddress(address))
    .map(([name, value]) => `${prefix}.${name}=${dottedValue(value).replaceAll(',', ',,')}`)
    .join(',');
}

/** Reads the members under one prefix; other keys of the option are the caller's. Throws a SwitchyardError `invalid-request`. */
export function parseDottedAddress(prefix: string, option: string): Address {
  const members = membersUnder(`${prefix}.`, option);
  if (Object.keys(members).length === 0)
    throw addressError(
      option,
      `has no ${prefix}.type`,
      `Write ${prefix}.type=inet,${prefix}.host=...,${prefix}.port=...`,
    );
  return fromSocketAddress(members, { unknownMembers: 'refuse' });
}

/** `channel-type=main,addr.transport=socket,addr.type=inet,...`: `-incoming` of newer QEMUs. */
export function parseDottedChannel(option: string): Address {
  const { 'channel-type': kind = 'main' } = Object.fromEntries(keyValues(option));
  return fromMigrationChannel(
    { 'channel-type': kind, addr: membersUnder('addr.', option) },
    { unknownMembers: 'refuse' },
  );
}

const flagMembers: ReadonlySet<string> = new Set([...inetFlags.map(([name]) => name), 'abstract', 'tight']);
const numberMembers: ReadonlySet<string> = new Set(inetNumbers.map(([name]) => name));

function membersUnder(prefix: string, option: string): JsonObject {
  return Object.fromEntries(
    keyValues(option)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), typedValue(key.slice(prefix.length), value)]),
  );
}

function keyValues(option: string): [string, string][] {
  // A doubled comma belongs to its value, a single one ends it.
  const parts = option.match(/(?:[^,]|,,)+/g) ?? [];
  return parts.map((part) => {
    const at = part.indexOf('=');
    return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1).replaceAll(',,', ',')];
  });
}

/** Text that is no value of its member's type is left as it is, for the reader of the typed form to refuse. */
function typedValue(name: string, value: string): JsonValue {
  if (flagMembers.has(name) && (value === 'on' || value === 'off')) return value === 'on';
  return numberMembers.has(name) && /^\d{1,10}$/.test(value) ? Number(value) : value;
}

function dottedValue(value: string | boolean | number | bigint): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}
