import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import { defaultSettings } from '#contract/migration.ts';
import { toLiveChange, toMigrationRequest } from './migration-request.ts';

const between = { from: 'rack1', to: 'rack2' };

function refusalOf(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (thrown) {
    return thrown instanceof SwitchyardError ? thrown.failure.text : thrown;
  }
}

describe('a migration', () => {
  test('has the defaults where nothing was said', () => {
    expect(toMigrationRequest('web01', between)).toEqual({ guest: 'web01', ...between, settings: defaultSettings });
  });

  test('has every option that was given', () => {
    const { settings } = toMigrationRequest('web01', {
      ...between,
      mptcp: 'require',
      socket: 'app',
      preparePaths: false,
      postCopy: 'allow',
      downtimeLimit: 50,
      bandwidth: 2e9,
      parallelConnections: 4,
      autoConverge: true,
      stallLimit: 5000,
      sampleRate: 2,
      vncPasswordFile: '/etc/vnc',
      spicePasswordFile: 'spice',
      accept: ['memory'],
    });
    expect(settings).toEqual({
      mptcp: 'require',
      socket: 'app',
      preparePaths: false,
      postCopy: 'allow',
      downtimeLimitMs: 50,
      bandwidthBitsPerSecond: 2e9,
      parallelConnections: 4,
      autoConverge: true,
      stallLimitMs: 5000,
      sampleHz: 2,
      passwordFiles: { vnc: '/etc/vnc', spice: join(process.cwd(), 'spice') },
      accepted: ['memory'],
    });
  });

  test('takes the paths that were typed, and no others', () => {
    const { settings } = toMigrationRequest('web01', {
      ...between,
      paths: ['eth1', 'eth3'],
      withoutPath: ['docker0'],
      firstPath: 'eth3',
    });
    expect(settings.pathChoice).toEqual({ only: ['eth1', 'eth3'], without: ['docker0'], first: 'eth3' });
  });

  test.each([
    [{ paths: ['eth1', ''] }, /^Not valid, --paths: must not be empty\./],
    [{ withoutPath: ['eth 1'] }, /^Not valid, --without-path: must be the name of an interface/],
    [{ firstPath: '' }, /^Not valid, --first-path: /],
  ])('refuses a name that can be none: %o', (options, text) => {
    expect(refusalOf(() => toMigrationRequest('web01', { ...between, ...options }))).toMatch(text);
  });

  test('names one file with a password without the other', () => {
    const filesOf = (files: object) => toMigrationRequest('web01', { ...between, ...files }).settings.passwordFiles;
    expect([filesOf({ vncPasswordFile: '/v' }), filesOf({ spicePasswordFile: '/s' })]).toEqual([
      { vnc: '/v' },
      { spice: '/s' },
    ]);
  });

  test('goes into a QEMU that waits, or to an address of its own, over sockets as they were asked for', () => {
    const request = toMigrationRequest('web01', {
      ...between,
      toWaiting: 'web01',
      incoming: 'tcp:0:4444',
      congestionControl: 'bbr',
      socketBuffer: 4_194_304,
      socketMark: 7,
    });
    expect(request).toEqual({
      guest: 'web01',
      ...between,
      toWaiting: 'web01',
      incoming: 'tcp:0:4444',
      settings: { ...defaultSettings, socketTuning: { congestionControl: 'bbr', bufferBytes: 4_194_304, mark: 7 } },
    });
  });

  test.each([
    ['x'.repeat(256), {}, /the name of the guest/],
    ['', {}, /the name of the guest/],
    ['web01', { from: 'web\u001B[2J' }, /--from/],
    ['web01', { from: 'a/b' }, /--from/],
    ['web01', { toWaiting: '' }, /--to-waiting/],
    ['web01', { congestionControl: 'reno; reboot' }, /--congestion-control/],
    ['web01', { socketBuffer: 1 }, /--socket-buffer/],
    ['web01', { socketMark: 0 }, /--socket-mark/],
    ['web01', { downtimeLimit: 0 }, /--downtime-limit \(in milliseconds\)/],
    ['web01', { downtimeLimit: 0.5 }, /--downtime-limit/],
    ['web01', { stallLimit: 10 }, /--stall-limit/],
    ['web01', { sampleRate: 0 }, /--sample-rate/],
    ['web01', { parallelConnections: 256 }, /--parallel-connections/],
  ])('of %j with %j is refused by the name of the option', (guest, options, expected) => {
    expect(refusalOf(() => toMigrationRequest(guest, { ...between, ...options }))).toMatch(expected);
  });

  test.each(['prod/web01', 'new\nline', '-x-', '../guest'])('of a guest called %j is a request', (guest) => {
    expect(toMigrationRequest(guest, { ...between, toWaiting: guest })).toMatchObject({ guest, toWaiting: guest });
  });
});

describe('a change', () => {
  test('holds what was given', () => {
    expect([
      toLiveChange({ bandwidth: 0 }),
      toLiveChange({ downtimeLimit: 100 }),
      toLiveChange({ bandwidth: 1e9, downtimeLimit: 1 }),
    ]).toEqual([
      { bandwidthBitsPerSecond: 0 },
      { downtimeLimitMs: 100 },
      { bandwidthBitsPerSecond: 1e9, downtimeLimitMs: 1 },
    ]);
  });

  test.each([
    [{}, /Nothing to change/],
    [{ downtimeLimit: 3_000_000 }, /--downtime-limit/],
  ])('of %j is refused', (options, expected) => {
    expect(refusalOf(() => toLiveChange(options))).toMatch(expected);
  });
});
