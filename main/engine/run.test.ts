import { expect, test } from 'vitest';
import { planSchema, type JournalEventOf } from '#contract/migration.ts';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

test('a migration goes through its steps in the one order that is safe', async () => {
  const migration = planned();
  await migration.migrate();
  expect(migration.story).toEqual([
    'planned',
    'intended start-destination',
    'done start-destination',
    'intended compare-twin',
    'done compare-twin',
    'intended negotiate-capabilities',
    'done negotiate-capabilities',
    'intended check-disks',
    'done check-disks',
    'intended listen',
    'done listen',
    'intended migrate',
    'done migrate',
    'peer-proven',
    'negotiated mptcp',
    'committed',
    'intended resume-destination',
    'done resume-destination',
    'intended quit-source',
    'done quit-source',
    'ended done-on-destination',
  ]);
});

test('the guest runs on the destination afterwards, and nothing is left behind', async () => {
  const migration = planned();
  await migration.migrate();
  expect({ truth: migration.world.whereabouts, ...peace(migration) }).toEqual({ truth: 'runs on beta', ...quiet });
});

test('a guest moves there and back again and again', async () => {
  const first = planned();
  await first.migrate();
  const { world } = first;
  for (const place of ['alpha', 'beta', 'alpha']) {
    const next = new MigrationUnderTest(world);
    await next.migrate();
    expect({ truth: world.whereabouts, ...peace(next) }).toEqual({ truth: `runs on ${place}`, ...quiet });
  }
});

test('a guest that was paused arrives paused', async () => {
  const migration = planned({}, 'paused');
  const ended = await migration.migrate();
  expect({
    ended,
    resumed: migration.story.includes('intended resume-destination'),
    truth: migration.world.whereabouts,
    ...peace(migration),
  }).toEqual({
    ended: { kind: 'ended', outcome: 'done-on-destination', guest: 'destination' },
    resumed: false,
    truth: 'stopped on beta',
    ...quiet,
  });
});

test('both QEMUs get return-path and the same of every capability but the gate, and the bandwidth is raised', async () => {
  const migration = planned({ parallelConnections: 4 });
  await migration.migrate();
  const { source, destination } = migration;
  expect(source.capabilities).toEqual({ ...destination?.capabilities, 'pause-before-switchover': true });
  expect(source.capabilities).toMatchObject({ 'return-path': true, events: true, multifd: true });
  expect(source.parameters).toMatchObject({ bandwidthBitsPerSecond: 0, downtimeLimitMs: 300, parallelConnections: 4 });
});

test('the destination listens on the wildcard, so that every address can be joined', async () => {
  const migration = planned();
  let listens: object | undefined;
  at('listening', migration, () => (listens = { ...migration.destination?.listener }));
  await migration.migrate();
  expect(listens).toMatchObject({ host: '0.0.0.0', mptcp: true });
});

test('the final statistics are asked for again: the first answer after completion holds zeros', async () => {
  const migration = planned();
  await migration.migrate();
  const final = migration.events.find(
    (event): event is JournalEventOf<'final-statistics'> => event.kind === 'final-statistics',
  );
  expect(final?.sample.qemu?.downtimeMs).toBeGreaterThan(0);
});

test('samples carry the kernel and QEMU side by side, until the guest has left', async () => {
  const migration = planned();
  await migration.migrate();
  const { samples } = migration.disk;
  expect(samples.length).toBeGreaterThan(2);
  expect(samples.at(-1)?.qemu?.transferredBytes).toBeGreaterThan(samples[0]?.qemu?.transferredBytes ?? 0);
});

test('bandwidth and downtime limit change while it runs, and the journal says who did it', async () => {
  const migration = planned();
  at(
    'copying',
    migration,
    () => void migration.run.ask({ command: 'change', by: 'operator', change: { downtimeLimitMs: 500 } }),
  );
  await migration.migrate();
  expect(migration.source.parameters.downtimeLimitMs).toBe(500);
  expect(migration.events).toContainEqual({ kind: 'settings-changed', by: 'operator', downtimeLimitMs: 500 });
});

test('settings cannot be changed once it has ended', async () => {
  const migration = planned();
  await migration.migrate();
  expect(
    await migration.run.ask({ command: 'change', by: 'operator', change: { downtimeLimitMs: 500 } }),
  ).toMatchObject({ ok: false });
});

test('nothing is begun when the plan cannot be written down', async () => {
  const migration = planned();
  migration.world.calls.fail('journal.append 1', 'error');
  await expect(migration.begin()).rejects.toThrow('journal.append failed');
  expect({ story: migration.story, ...peace(migration) }).toEqual({ story: [], ...quiet });
});

test('a disk that fails in the middle is reported, and does not stop the guest half-way', async () => {
  const migration = planned();
  const run = await migration.begin();
  const lost: string[] = [];
  run.subscribe({ onJournalLost: ({ text }) => lost.push(text) });
  at('copying', migration, () => migration.disk.breaks());
  const ended = await migration.finish();
  expect({ outcome: ended.outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
    outcome: 'done-on-destination',
    truth: 'runs on beta',
    ...quiet,
  });
  expect(lost.length).toBeGreaterThan(0);
});

test('a manager lets go without touching the migration, and another finishes it', async () => {
  const migration = planned();
  const run = await migration.begin();
  at('copying', migration, () => run.detach());
  expect(await migration.world.clock.until(run.run())).toEqual({ kind: 'detached' });
  expect(migration.manager.leftOpen).toBe(0);
  const ended = await migration.attach();
  expect({ outcome: ended.outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
    outcome: 'done-on-destination',
    truth: 'runs on beta',
    ...quiet,
  });
});

test('a journal without a plan cannot be taken up', async () => {
  const migration = planned();
  await expect(migration.attach()).rejects.toThrow(new TypeError('a journal begins with its plan'));
});

test('the simulated plan is one that the contract accepts', () => {
  const { plan } = planned();
  expect(planSchema.parse(plan)).toEqual(plan);
});

test('a fault of ours ends the run with its cause, and touches nothing', async () => {
  const migration = planned();
  const run = await migration.begin();
  migration.manager.ports.source.attach = () => Promise.reject(new TypeError('ours'));
  await expect(migration.world.clock.until(run.run())).rejects.toThrow('ours');
  expect({ story: migration.story, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
    story: ['planned'],
    truth: 'runs on alpha',
    ...quiet,
  });
});

test('a listener that has left hears nothing more', async () => {
  const migration = planned();
  const run = await migration.begin();
  const heard: string[] = [];
  const leave = run.subscribe({ onEntry: ({ event }) => heard.push(event.kind) });
  at('copying', migration, leave);
  await migration.finish();
  expect(heard).toContain('intended');
  expect(heard).not.toContain('ended');
});
