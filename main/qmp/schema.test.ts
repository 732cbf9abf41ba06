import { expect, test } from 'vitest';
import type { JsonObject } from './json.ts';
import { replyShapes, type MigrationInfo } from './schema.ts';
import { ShapeError } from './shape.ts';

const queryMigrate = (answer: JsonObject): MigrationInfo => replyShapes['query-migrate'](answer, '$');

/** As QEMU 7.2 answers while it migrates. */
const active = {
  'expected-downtime': 300,
  status: 'active',
  'setup-time': 2,
  'total-time': 1830,
  ram: {
    total: 554_569_728,
    'postcopy-requests': 0,
    'dirty-sync-count': 2,
    'multifd-bytes': 0,
    'pages-per-second': 11_600,
    'downtime-bytes': 0,
    'page-size': 4096,
    remaining: 71_163_904,
    'postcopy-bytes': 0,
    mbps: 388.125_44,
    transferred: 88_112_341,
    'dirty-sync-missed-zero-copy': 0,
    'precopy-bytes': 88_112_341,
    duplicate: 98_304,
    'dirty-pages-rate': 2800,
    skipped: 0,
    'normal-bytes': 86_835_200,
    normal: 21_200,
  },
};

test('a migration under way is read, without members that were not named', () => {
  const { skipped: _removedIn91, ...ram } = active.ram;
  expect(queryMigrate(active)).toEqual({ ...active, ram });
});

test('a QEMU that has never migrated says nothing', () => {
  expect(queryMigrate({})).toEqual({});
});

test('a status of a later QEMU is kept as it came', () => {
  expect(queryMigrate({ status: 'teleporting' })).toEqual({ status: 'teleporting' });
});

test.each([
  ['statistics without a member', { ram: { transferred: 1 } }],
  ['a count that has wrapped below zero', { ram: { ...active.ram, remaining: 18_446_744_073_709_551_615n } }],
  ['a duration that is no number', { 'total-time': 'long' }],
  ['statistics of another kind', { ram: [] }],
])('%s hides nothing but itself', (_what, member) => {
  expect(queryMigrate({ status: 'active', ...member })).toEqual({ status: 'active' });
});

test('a status that is no text is refused, because decisions hang on it', () => {
  expect(() => queryMigrate({ status: 5 })).toThrow(new ShapeError('$.status', 'a string'));
});

test.each<[keyof typeof replyShapes, JsonObject | readonly JsonObject[], string]>([
  ['query-status', { status: 'running' }, '$.running is not present'],
  ['query-uuid', {}, '$.UUID is not present'],
  ['query-migrate-capabilities', [{ capability: 'events', state: 'on' }], '$[0].state is not true or false'],
  ['query-migrate-parameters', { 'max-bandwidth': 'fast' }, '$.max-bandwidth is not an integer'],
  [
    'query-version',
    { qemu: { major: 7, minor: 2.5, micro: 0 }, package: '' },
    '$.qemu.minor is not an integer below 2^53',
  ],
  ['query-block', { device: 'a' }, '$ is not a list'],
])('%s in another shape is refused with the member: %j', (command, answer, message) => {
  expect(() => replyShapes[command](answer, '$')).toThrow(message);
});

test('a bandwidth keeps its digits', () => {
  const parameters = { 'max-bandwidth': 18_446_744_073_709_551_615n, 'downtime-limit': 300 };
  expect(replyShapes['query-migrate-parameters'](parameters, '$')).toEqual(parameters);
});
