import { parseJson, type JsonValue } from '#main/qmp/json.ts';
import { parseDottedChannel } from './dotted.ts';
import { addressError, type Address } from './model.ts';
import { fromMigrationChannel } from './qapi.ts';
import { parseMigrationUri } from './uri.ts';

/** What `-incoming` says: to wait for `migrate-incoming`, or where to listen at once. */
export type Incoming = { readonly kind: 'defer' } | { readonly kind: 'listening'; readonly address: Address };

/** Reads the value of `-incoming` in every form: `defer`, a string, and the typed channel as JSON or with dots. */
export function parseIncoming(value: string): Incoming {
  if (value === 'defer') return { kind: 'defer' };
  return { kind: 'listening', address: parseListening(value) };
}

function parseListening(value: string): Address {
  if (value.startsWith('{') || value.startsWith('['))
    return fromMigrationChannel(jsonOf(value), { unknownMembers: 'refuse' });
  return /^(?:channel-type|addr\.[a-z]+)=/.test(value) ? parseDottedChannel(value) : parseMigrationUri(value);
}

function jsonOf(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    throw addressError(
      text,
      'begins like JSON and is none',
      'Write {"channel-type": "main", "addr": {...}}, or tcp:HOST:PORT.',
    );
  }
}
