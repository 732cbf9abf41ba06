import { expect, test } from 'vitest';
import type { JsonValue } from './json.ts';
import { readServerMessage, type ServerMessage } from './messages.ts';

const qemu = { major: 7, minor: 2, micro: 22 };
const greeting = (version: JsonValue, capabilities: JsonValue = ['oob']): JsonValue => ({
  QMP: { version, capabilities },
});

test.each<[string, JsonValue, ServerMessage]>([
  ['a list', [{ return: {} }], { kind: 'unknown' }],
  ['nothing', null, { kind: 'unknown' }],
  ['no known member', { hello: 'world' }, { kind: 'unknown' }],
  ['an answer', { return: {}, id: 1 }, { kind: 'reply', id: 1, outcome: { kind: 'returned', value: {} } }],
  [
    'a refusal',
    { error: { class: 'CommandNotFound', desc: 'no' }, id: 1 },
    { kind: 'reply', id: 1, outcome: { kind: 'refused', class: 'CommandNotFound', description: 'no' } },
  ],
  [
    'a refusal without its words',
    { error: {}, id: 1 },
    { kind: 'reply', id: 1, outcome: { kind: 'refused', class: 'GenericError', description: '' } },
  ],
  [
    'an event',
    { event: 'STOP', data: { a: 1 }, timestamp: { seconds: 2, microseconds: 500 } },
    { kind: 'event', event: { name: 'STOP', data: { a: 1 }, atEpochMs: 2000.5 } },
  ],
  ['an event without data and time', { event: 'STOP' }, { kind: 'event', event: { name: 'STOP', data: {} } }],
  [
    'an event with half a time',
    { event: 'STOP', timestamp: { seconds: 2 } },
    { kind: 'event', event: { name: 'STOP', data: {} } },
  ],
  [
    'a greeting',
    greeting({ qemu, package: 'Debian' }, ['oob', 7]),
    { kind: 'greeting', greeting: { version: { ...qemu, package: 'Debian' }, capabilities: ['oob'] } },
  ],
  [
    'a greeting without a package',
    greeting({ qemu }),
    { kind: 'greeting', greeting: { version: { ...qemu, package: '' }, capabilities: ['oob'] } },
  ],
  ['a greeting without a version', greeting(7), { kind: 'unknown' }],
  ['a greeting without QEMU’s version', greeting({}), { kind: 'unknown' }],
  ['a greeting whose version is text', greeting({ qemu: { ...qemu, minor: '2' } }), { kind: 'unknown' }],
  ['a greeting without capabilities', greeting({ qemu }, {}), { kind: 'unknown' }],
])('%s', (_what, value, message) => {
  expect(readServerMessage(value)).toEqual(message);
});
