import { describe, expect, test } from 'vitest';
import { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { peace, planned, quiet } from './simulation/scenes.ts';
import { SimulatedWorld } from './simulation/simulated-world.ts';

/** What the engine asked for, without what it asks all the time. */
function orders({ world }: MigrationUnderTest): string[] {
  return world.calls.made
    .map((call) => call.replace(/ \d+$/, ''))
    .filter((call) => /\.(listen|connect|receive|migrate)/.test(call));
}

test('listens, connects, asks both ends, and hands them over: the destination first', async () => {
  const migration = planned({ socket: 'app', mptcp: 'require' });
  const ended = await migration.migrate();
  expect({ outcome: ended.outcome, orders: orders(migration), ...peace(migration) }).toEqual({
    outcome: 'done-on-destination',
    orders: ['destination.listenOwned', 'source.connectOwned', 'destination.receiveOver', 'source.migrateOver'],
    ...quiet,
  });
});

test('what was negotiated is written down before the source is sent anything', async () => {
  const migration = planned({ socket: 'app' });
  await migration.migrate();
  const story = migration.story.filter((line) => /connect|negotiated|migrate$/.test(line));
  expect(story.slice(0, 5)).toEqual([
    'intended connect',
    'negotiated mptcp',
    'done connect',
    'intended migrate',
    'done migrate',
  ]);
});

describe('the further paths of the plan', () => {
  /** A migration over three paths, of which so many join after the first. */
  async function withJoins(joins: number): Promise<{ text: string | undefined; waitedMs: number }> {
    const migration = planned({ socket: 'app' });
    const { paths } = migration.plan;
    paths.push(...paths.concat(paths));
    migration.world.nature.joins = joins;
    await migration.migrate();
    const { entries } = migration.disk;
    const connecting = entries.find(({ event }) => event.kind === 'intended' && event.step === 'connect');
    const negotiated = entries.find(({ event }) => event.kind === 'negotiated');
    const text = negotiated?.event.kind === 'negotiated' ? negotiated.event.text : undefined;
    return { text, waitedMs: (negotiated?.atMonoMs ?? NaN) - (connecting?.atMonoMs ?? NaN) };
  }

  test('have joined before a QEMU gets its end', async () => {
    const { text, waitedMs } = await withJoins(2);
    expect([text, waitedMs >= 20, waitedMs < 100]).toEqual([
      'Multipath TCP confirmed by the kernel, 3 subflows',
      true,
      true,
    ]);
  });

  test('are waited for no longer than a join whose first packet was lost', async () => {
    const { text, waitedMs } = await withJoins(1);
    expect([text, waitedMs >= 1500, waitedMs < 1600]).toEqual([
      'Multipath TCP confirmed by the kernel, 2 subflows',
      true,
      true,
    ]);
  });
});

describe('a connection that is plain TCP', () => {
  test('is given up where Multipath TCP is required, and no QEMU hears of it', async () => {
    const migration = planned({ socket: 'app', mptcp: 'require' });
    migration.world.nature.multipath = false;
    const ended = await migration.migrate();
    expect({ ended, orders: orders(migration), truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
      ended: {
        kind: 'ended',
        outcome: 'safe-on-source',
        guest: 'source',
        explanation: expect.objectContaining({
          cause:
            'Multipath TCP was required and the connection is plain TCP: beta answered without MPTCP. The guest is on alpha as before.',
          next: 'Run `sysctl -w net.mptcp.enabled=1`, then migrate again; or migrate with --mptcp prefer.',
        }),
      },
      orders: ['destination.listenOwned', 'source.connectOwned'],
      truth: 'runs on alpha',
      ...quiet,
    });
  });

  test('is used where it is preferred, and reported', async () => {
    const migration = planned({ socket: 'app', mptcp: 'prefer' });
    migration.world.nature.multipath = false;
    expect(await migration.migrate()).toMatchObject({ outcome: 'done-on-destination' });
    expect(migration.events.find(({ kind }) => kind === 'negotiated')).toMatchObject({
      protocol: 'tcp',
      when: 'connected',
      text: 'beta answered without MPTCP',
    });
  });

  test('is nothing strange where it was asked for', async () => {
    const migration = planned({ socket: 'app', mptcp: 'off' });
    await migration.migrate();
    expect(migration.events.find(({ kind }) => kind === 'negotiated')).toMatchObject({
      protocol: 'tcp',
      text: 'the connection is plain TCP',
    });
  });

  test('is known by the destination alone, where only answers lose their options', async () => {
    const migration = planned({ socket: 'app', mptcp: 'require' });
    migration.world.nature.answersLoseMultipath = true;
    expect(await migration.migrate()).toMatchObject({ outcome: 'safe-on-source' });
    expect(orders(migration)).toEqual(['destination.listenOwned', 'source.connectOwned']);
  });
});

test('a QEMU without mptcp is no obstacle', async () => {
  const migration = planned({ socket: 'app', mptcp: 'require' });
  for (const side of ['source', 'destination'] as const) {
    const { qemu } = migration.plan[side];
    if (qemu) qemu.mptcp = false;
  }
  expect(await migration.migrate()).toMatchObject({ outcome: 'done-on-destination' });
});

test('a destination that got its end is not left waiting when the source refuses its own', async () => {
  const migration = planned({ socket: 'app' });
  migration.world.nature.refusals.set('alpha.migrateOver', 'No such file descriptor');
  const ended = await migration.migrate();
  expect({ outcome: ended.outcome, cause: ended.explanation?.cause, ...peace(migration) }).toEqual({
    outcome: 'safe-on-source',
    cause: expect.stringContaining('Starting the migration on alpha failed.'),
    ...quiet,
  });
});

test('the listener is open until the migration has ended', async () => {
  const migration = planned({ socket: 'app' });
  const { world } = migration;
  const open = new Set<string>();
  world.when(
    () => {
      const [source] = world.processes;
      if (source && world.machine('beta').sockets.size > 0) open.add(source.outgoing);
      return false;
    },
    () => undefined,
  );
  await migration.migrate();
  expect([
    [...open].filter((status) => status === 'active' || status === 'completed'),
    world.machine('beta').sockets.size,
  ]).toEqual([['active', 'completed'], 0]);
});

describe('an address for the listener', () => {
  test('is taken as it is', async () => {
    const world = new SimulatedWorld();
    world.machine('alpha').boot();
    const migration = new MigrationUnderTest(world, { socket: 'app' });
    migration.plan.listener = { host: '10.0.1.2', port: 4444 };
    await migration.migrate();
    expect(migration.events).toContainEqual({ kind: 'done', step: 'listen', port: 4444, mptcp: true });
  });

  test('can switch MPTCP off', async () => {
    const migration = planned({ socket: 'app' });
    migration.plan.listener = { host: '0.0.0.0', port: 0, mptcp: false };
    await migration.migrate();
    expect(migration.events.find(({ kind }) => kind === 'negotiated')).toMatchObject({ protocol: 'tcp' });
  });
});
