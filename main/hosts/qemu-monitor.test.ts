import { describe, expect, test } from 'vitest';
import type { OwnedSocket, QemuEvent } from '#main/engine/ports.ts';
import { QmpClient } from '#main/qmp/client.ts';
import type { JsonValue } from '#main/qmp/json.ts';
import { FakeMonitor, type FakeHandler } from '#main/qmp/testing/fake-monitor.ts';
import { QemuMonitor, statisticsOf } from './qemu-monitor.ts';
import { rehearsedSocket } from './rehearsal.ts';

const identity = { uuid: 'u', pid: 1, startTimeTicks: 1, bootId: 'b' };
const olderDialect = { mptcp: true, channels: false, keepAliveTuning: false };

/** The adapter on a monitor that answers each command with a fixed value, and what it was asked. */
async function monitorOf(answers: Record<string, JsonValue>, dialect = olderDialect) {
  const handlers = Object.fromEntries(
    Object.entries(answers).map(([command, answer]): [string, FakeHandler] => [command, () => answer]),
  );
  const fake = new FakeMonitor({ handlers });
  const client = await QmpClient.connect({ transport: fake.connect() });
  const asked = () => fake.requests.slice(1).map(({ command, args, lane }) => ({ command, args, lane }));
  return { fake, qemu: new QemuMonitor(client, identity, () => Promise.resolve(dialect)), asked };
}

describe('status', () => {
  test('before the first migration', async () => {
    const { qemu } = await monitorOf({ 'query-status': { running: true, status: 'running' }, 'query-migrate': {} });
    expect(await qemu.status()).toEqual({
      run: 'running',
      migration: 'none',
      errorText: undefined,
      statistics: undefined,
    });
  });

  test('after a failure, with a status that no program has heard of', async () => {
    const { qemu } = await monitorOf({
      'query-status': { running: false, status: 'hibernating' },
      'query-migrate': { status: 'failing-slowly', 'error-desc': 'cable eaten' },
    });
    expect(await qemu.status()).toEqual({
      run: 'hibernating',
      migration: 'failing-slowly',
      errorText: 'cable eaten',
      statistics: undefined,
    });
  });
});

const ram = {
  transferred: 1000,
  remaining: 2000,
  total: 16_000,
  duplicate: 1,
  normal: 2,
  'normal-bytes': 8192,
  'dirty-pages-rate': 7,
  mbps: 478.2,
  'dirty-sync-count': 3,
};

describe('statisticsOf', () => {
  test('while it runs', () => {
    const info = { status: 'active', ram, 'expected-downtime': 38, 'setup-time': 2, 'total-time': 900 };
    expect(statisticsOf({ ...info, 'cpu-throttle-percentage': 20 })).toEqual({
      status: 'active',
      transferredBytes: 1000,
      remainingBytes: 2000,
      totalBytes: 16_000,
      dirtyPagesPerSecond: 7,
      pageSizeBytes: 4096,
      iteration: 3,
      expectedDowntimeMs: 38,
      setupTimeMs: 2,
      totalTimeMs: 900,
      cpuThrottleFraction: 0.2,
    });
  });

  test('when completed', () => {
    const info = { status: 'completed', ram: { ...ram, 'page-size': 16_384 }, downtime: 41, 'total-time': 1200 };
    expect(statisticsOf(info)).toMatchObject({ pageSizeBytes: 16_384, downtimeMs: 41, totalTimeMs: 1200 });
  });
});

describe('parameters', () => {
  test('are converted on the way out', async () => {
    const { qemu, asked } = await monitorOf({ 'migrate-set-parameters': {} });
    await qemu.setParameters({ downtimeLimitMs: 299.6, bandwidthBitsPerSecond: 1_000_000_001, parallelConnections: 4 });
    expect(asked()[0]?.args).toEqual({ 'downtime-limit': 300, 'max-bandwidth': 125_000_000, 'multifd-channels': 4 });
  });

  test.each([
    [0, 0],
    [1, 1],
    [12, 2],
  ])('a bandwidth of %i bit/s is %i byte/s: only no limit is no limit', async (bits, bytes) => {
    const { qemu, asked } = await monitorOf({ 'migrate-set-parameters': {} });
    await qemu.setParameters({ bandwidthBitsPerSecond: bits });
    expect(asked()[0]?.args).toEqual({ 'max-bandwidth': bytes });
  });

  test('without any, QEMU is not asked', async () => {
    const { qemu, asked } = await monitorOf({});
    await qemu.setParameters({});
    expect(asked()).toEqual([]);
  });

  test('are converted on the way in', async () => {
    const { qemu } = await monitorOf({
      'query-migrate-parameters': { 'downtime-limit': 300, 'max-bandwidth': 134_217_728, 'multifd-channels': 2 },
    });
    expect(await qemu.parameters()).toEqual({
      downtimeLimitMs: 300,
      bandwidthBitsPerSecond: 1_073_741_824,
      parallelConnections: 2,
    });
  });
});

test('switching off a capability that this QEMU does not have changes nothing; switching it on is asked for', async () => {
  const { qemu, asked } = await monitorOf({
    'query-migrate-capabilities': [{ capability: 'events', state: false }],
    'migrate-set-capabilities': {},
  });
  await qemu.setCapabilities({ events: true, 'new-off': false, 'new-on': true });
  expect(asked()[1]?.args).toEqual({
    capabilities: [
      { capability: 'events', state: true },
      { capability: 'new-on', state: true },
    ],
  });
});

describe('addresses', () => {
  test('a QEMU before 8.2 gets a string', async () => {
    const { qemu, asked } = await monitorOf({ migrate: {} });
    await qemu.migrate({ host: 'fd00::2', port: 4444, mptcp: true });
    expect(asked()).toEqual([{ command: 'migrate', args: { uri: 'tcp:[fd00::2]:4444,mptcp=on' }, lane: 'in-band' }]);
  });

  test('a QEMU from 8.2 on gets a typed channel', async () => {
    const { qemu, asked } = await monitorOf({ migrate: {} }, { ...olderDialect, channels: true });
    await qemu.migrate({ host: '192.0.2.1', port: 4444, mptcp: false });
    const addr = { transport: 'socket', type: 'inet', host: '192.0.2.1', port: '4444' };
    expect(asked()[0]?.args).toEqual({ channels: [{ 'channel-type': 'main', addr }] });
  });

  test('a QEMU that would take mptcp for nothing is not asked for it', async () => {
    const { qemu, asked } = await monitorOf({ migrate: {} }, { ...olderDialect, mptcp: false });
    await expect(qemu.migrate({ host: '192.0.2.1', port: 4444, mptcp: true })).rejects.toThrow(/does not know/);
    expect(asked()).toEqual([]);
  });

  test('the port that the kernel chose is reported', async () => {
    const { qemu } = await monitorOf({
      'migrate-incoming': {},
      'query-migrate': { 'socket-address': [{ type: 'inet', host: '0.0.0.0', port: '37421' }] },
    });
    expect(await qemu.listen({ host: '0.0.0.0', port: 0, mptcp: true })).toBe(37_421);
  });

  test('of a range the one that was free is reported', async () => {
    const { qemu, asked } = await monitorOf({
      'migrate-incoming': {},
      'query-migrate': { 'socket-address': [{ type: 'inet', host: '0.0.0.0', port: '49153' }] },
    });
    expect(await qemu.listen({ host: '0.0.0.0', port: 49_152, lastPort: 49_215, mptcp: false })).toBe(49_153);
    expect(asked()[0]?.args).toEqual({ uri: 'tcp:0.0.0.0:49152,to=49215' });
  });

  test('a port that is not reported is no port', async () => {
    const { qemu } = await monitorOf({ 'migrate-incoming': {}, 'query-migrate': {} });
    await expect(qemu.listen({ host: '0.0.0.0', port: 0, mptcp: true })).rejects.toThrow(/does not report/);
  });
});

describe('a socket that is handed over', () => {
  const name = 'switchyard-migration';

  test('goes with getfd, and is then named', async () => {
    using socket = rehearsedSocket();
    const { fake, qemu, asked } = await monitorOf({ getfd: {}, 'migrate-incoming': {}, migrate: {} });
    await qemu.receiveOver(socket);
    await qemu.migrateOver(socket);
    expect(asked().map(({ command, args }) => [command, args])).toEqual([
      ['getfd', { fdname: name }],
      ['migrate-incoming', { uri: `fd:${name}` }],
      ['getfd', { fdname: name }],
      ['migrate', { uri: `fd:${name}` }],
    ]);
    expect(fake.requests.flatMap(({ descriptors }) => descriptors)).toEqual([socket.descriptor, socket.descriptor]);
  });

  test('is what a paused post-copy continues over', async () => {
    using socket = rehearsedSocket();
    const { qemu, asked } = await monitorOf({ getfd: {}, migrate: {} });
    await qemu.resumeOver(socket);
    expect(asked()[1]?.args).toEqual({ uri: `fd:${name}`, resume: true });
  });

  test('works with a QEMU that knows nothing of mptcp, and with one that has typed channels', async () => {
    using socket = rehearsedSocket();
    const { qemu, asked } = await monitorOf(
      { getfd: {}, migrate: {} },
      { ...olderDialect, mptcp: false, channels: true },
    );
    await qemu.migrateOver(socket);
    const addr = { transport: 'socket', type: 'fd', str: name };
    expect(asked()[1]?.args).toEqual({ channels: [{ 'channel-type': 'main', addr }] });
  });

  test('is taken back when QEMU refuses to migrate', async () => {
    using socket = rehearsedSocket();
    const { qemu, asked } = await monitorOf({ getfd: {}, closefd: {} });
    await expect(qemu.migrateOver(socket)).rejects.toThrow(/migrate/);
    expect(asked().map(({ command }) => command)).toEqual(['getfd', 'migrate', 'closefd']);
  });

  test('of another kind of host is not taken for one of this machine', async () => {
    const { qemu, asked } = await monitorOf({ getfd: {}, migrate: {} });
    const foreign: OwnedSocket = {
      local: { address: '192.0.2.1', port: 1 },
      connection: () => Promise.reject(new TypeError('this is not asked')),
      end: () => Promise.reject(new TypeError('this is not asked')),
      subflows: () => Promise.reject(new TypeError('this is not asked')),
      makeRoom: () => Promise.reject(new TypeError('this is not asked')),
      [Symbol.dispose]: () => undefined,
    };
    await expect(qemu.migrateOver(foreign)).rejects.toThrow(TypeError);
    expect(asked()).toEqual([]);
  });
});

describe('a QEMU that waits', () => {
  test('is sent `stop` so that it stays paused', async () => {
    const { qemu, asked } = await monitorOf({ stop: {} });
    await qemu.keepPaused();
    expect(asked()).toEqual([{ command: 'stop', args: {}, lane: 'in-band' }]);
  });

  test('says where it listens', async () => {
    const { qemu } = await monitorOf({
      'query-migrate': {
        'socket-address': [
          { type: 'inet', host: '0.0.0.0', port: '4444' },
          { type: 'unix', path: '/run/a' },
        ],
      },
    });
    expect(await qemu.listeningOn()).toEqual([{ address: '0.0.0.0', port: 4444 }]);
  });

  test('listens nowhere before it was asked to', async () => {
    const { qemu } = await monitorOf({ 'query-migrate': {} });
    expect(await qemu.listeningOn()).toEqual([]);
  });
});

test('hardware: the machine behind its alias, and the memory it began with', async () => {
  const { qemu } = await monitorOf({
    'qom-get': 'pc-i440fx-7.2-machine',
    'query-memory-size-summary': { 'base-memory': 67_100_672, 'plugged-memory': 1024 },
  });
  expect(await qemu.hardware()).toEqual({ machine: 'pc-i440fx-7.2', memoryBytes: 67_100_672 });
});

test('yank goes out of band', async () => {
  const { qemu, asked } = await monitorOf({ yank: {} });
  await qemu.yank();
  expect(asked()).toEqual([{ command: 'yank', args: { instances: [{ type: 'migration' }] }, lane: 'out-of-band' }]);
});

test('events in the terms of the engine, until the listener leaves', async () => {
  const { fake, qemu } = await monitorOf({});
  const events: QemuEvent[] = [];
  const leave = qemu.onEvent((event) => events.push(event));
  fake.emit('MIGRATION', { status: 'postcopy-whatever' });
  fake.emit('MIGRATION_PASS', { pass: 2 });
  fake.emit('STOP');
  fake.emit('RESUME');
  fake.emit('SHUTDOWN', { guest: true, reason: 'guest-shutdown' });
  fake.emit('RTC_CHANGE', { offset: 1 });
  await expect.poll(() => events.length).toBe(5);
  leave();
  fake.emit('STOP');
  fake.disconnect();
  await qemu.disconnected;
  expect(events).toEqual([
    { kind: 'migration', status: 'postcopy-whatever' },
    { kind: 'iteration', iteration: 2 },
    { kind: 'run-state', run: 'stopped' },
    { kind: 'run-state', run: 'running' },
    { kind: 'shutdown', byGuest: true, reason: 'guest-shutdown' },
  ]);
});

test('says who ended the connection', async () => {
  const { fake, qemu } = await monitorOf({});
  fake.disconnect();
  expect(await qemu.disconnected).toBe('closed by QEMU');
});
