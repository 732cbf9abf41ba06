import { expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { Managers } from '#main/engine/ports.ts';
import { plan } from '#main/engine/simulation/states.ts';
import { QemuMonitor } from '#main/hosts/qemu-monitor.ts';
import { fakeHost } from '#main/hosts/testing/fake-host.ts';
import { emptyPortrait } from '#main/likeness/portrait.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { FakeMonitor } from '#main/qmp/testing/fake-monitor.ts';
import { readGuest } from './guest-now.ts';

const guest = { ...plan.guest, monitorPath: '/first', otherMonitorPaths: ['/second', '/third'] };
const free: Managers = { migrationIds: [], monitors: 'free' };
const held: Managers = { migrationIds: [], monitors: 'held' };
const silent = new SwitchyardError({
  kind: 'timeout',
  afterMs: 1,
  waitingFor: 'the greeting',
  text: 'Another program holds it.',
  remedy: 'End that.',
});

/** Reads a guest whose monitors answer at these paths; each answer about its managers is the next, the last for good. */
async function read(answering: readonly string[], ...managers: readonly [Managers, ...Managers[]]) {
  const asked: string[] = [];
  let looks = 0;
  const host = fakeHost({
    id: 'alpha',
    managersOf: async () => managers[Math.min(looks++, managers.length - 1)] ?? managers[0],
    attach: async (identity, path) => {
      asked.push(path);
      if (!answering.includes(path)) throw silent;
      const monitor = new FakeMonitor({
        handlers: { 'query-status': () => ({ status: 'running', running: true }), 'query-migrate': () => ({}) },
      });
      const client = await QmpClient.connect({ transport: monitor.connect() });
      const dialect = (): Promise<never> => Promise.reject(new TypeError('nothing is migrated here'));
      return new QemuMonitor(client, identity, dialect, async () => emptyPortrait);
    },
  });
  const { guest: now, guestRun } = await readGuest(host, guest);
  return { asked, path: now.monitorPath, others: now.otherMonitorPaths, guestRun };
}

const running = { run: 'running', migration: 'none' };
const unreadable = { unreadable: 'Another program holds it.', remedy: 'End that.' };

test('a guest is read over its first monitor', async () => {
  expect(await read(['/first', '/second'], free)).toEqual({
    asked: ['/first'],
    path: '/first',
    others: ['/second', '/third'],
    guestRun: running,
  });
});

test('where another program holds the first monitor, the next one that answers is used', async () => {
  expect(await read(['/third'], held)).toEqual({
    asked: ['/first', '/second', '/third'],
    path: '/third',
    others: ['/first', '/second'],
    guestRun: { ...running, heldMonitorPath: '/first' },
  });
});

test('a monitor that no program is known to hold is not replaced by another', async () => {
  const results = [free, { ...held, monitors: 'unknown' } as const].map((managers) => read(['/second'], managers));
  const only = { asked: ['/first'], path: '/first', others: ['/second', '/third'], guestRun: unreadable };
  expect(await Promise.all(results)).toEqual([only, only]);
});

test('a guest that another Switchyard manages is asked nothing', async () => {
  const { asked } = await read(['/second'], { ...held, migrationIds: ['20261122T120250Z-7f3a'] });
  expect(asked).toEqual([]);
});

test('a guest that another Switchyard has begun to manage is not asked over its next monitor', async () => {
  const { asked, guestRun } = await read(['/second'], free, { ...held, migrationIds: ['20261122T120250Z-7f3a'] });
  expect([asked, guestRun]).toEqual([['/first'], unreadable]);
});
