import { expect, test } from 'vitest';
import { readQemuFeatures, type QemuFeatures } from './features.ts';
import type { IntrospectedEntity } from './schema.ts';

const version = { major: 8, minor: 2, micro: 0, package: '' };

/** Enough of a schema, with type names as QEMU gives them. */
const modern: readonly IntrospectedEntity[] = [
  { name: 'migrate', 'meta-type': 'command', 'arg-type': '10', 'ret-type': '0' },
  {
    name: '10',
    'meta-type': 'object',
    members: [
      { name: 'uri', type: 'str' },
      { name: 'channels', type: '[11]' },
    ],
  },
  { name: 'migrate-incoming', 'meta-type': 'command', 'arg-type': '12', 'ret-type': '0' },
  { name: '12', 'meta-type': 'object', members: [{ name: 'exit-on-error', type: 'bool' }] },
  { name: 'migrate-set-capabilities', 'meta-type': 'command', 'arg-type': '20', 'ret-type': '0' },
  { name: '20', 'meta-type': 'object', members: [{ name: 'capabilities', type: '[21]' }] },
  { name: '[21]', 'meta-type': 'array', 'element-type': '21' },
  {
    name: '21',
    'meta-type': 'object',
    members: [
      { name: 'capability', type: '22' },
      { name: 'state', type: 'bool' },
    ],
  },
  { name: '22', 'meta-type': 'enum', members: [{ name: 'multifd' }, { name: 'switchover-ack' }] },
  { name: 'migrate-set-parameters', 'meta-type': 'command', 'arg-type': '30', 'ret-type': '0' },
  { name: '30', 'meta-type': 'object', members: [{ name: 'multifd-compression', type: '31' }] },
  { name: '31', 'meta-type': 'enum', values: ['none', 'zstd'] },
  { name: 'query-migrate', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '40' },
  { name: '40', 'meta-type': 'object', members: [{ name: 'status', type: '41' }] },
  { name: '41', 'meta-type': 'enum', members: [{ name: 'none' }, { name: 'failing' }] },
  { name: 'yank', 'meta-type': 'command', 'allow-oob': true },
  { name: 'MIGRATION', 'meta-type': 'event' },
  {
    name: '50',
    'meta-type': 'object',
    members: [
      { name: 'host', type: 'str' },
      { name: 'mptcp', type: 'bool' },
    ],
  },
];

test('features are found by members, across type names and both forms of an enum', () => {
  expect(readQemuFeatures(version, modern)).toEqual<QemuFeatures>({
    version,
    mptcp: true,
    keepAliveTuning: false,
    channels: true,
    exitOnError: true,
    migrationInfoMembers: ['status'],
    migrationCapabilities: ['multifd', 'switchover-ack'],
    migrationParameters: ['multifd-compression'],
    migrationStatuses: ['none', 'failing'],
    multifdCompressions: ['none', 'zstd'],
    commands: [
      'migrate',
      'migrate-incoming',
      'migrate-set-capabilities',
      'migrate-set-parameters',
      'query-migrate',
      'yank',
    ],
    events: ['MIGRATION'],
    outOfBandCommands: ['yank'],
  });
});

test('an enum value or a command called mptcp is no member of an address', () => {
  const others = modern.filter(({ name }) => name !== '50');
  const schema = [
    ...others,
    { name: 'mptcp', 'meta-type': 'command' },
    { name: '60', 'meta-type': 'enum', members: [{ name: 'mptcp' }] },
  ];
  expect(readQemuFeatures(version, schema).mptcp).toBe(false);
});

test('a schema that says nothing has no features', () => {
  expect(readQemuFeatures(version, [])).toEqual<QemuFeatures>({
    version,
    mptcp: false,
    keepAliveTuning: false,
    channels: false,
    exitOnError: false,
    migrationInfoMembers: [],
    migrationCapabilities: [],
    migrationParameters: [],
    migrationStatuses: [],
    multifdCompressions: [],
    commands: [],
    events: [],
    outOfBandCommands: [],
  });
});
