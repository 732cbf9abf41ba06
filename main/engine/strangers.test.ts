import { describe, expect, test } from 'vitest';
import { at, peace, planned, quiet } from './simulation/scenes.ts';
import { plan } from './simulation/states.ts';
import { Strangers } from './strangers.ts';

describe('a flood of strangers', () => {
  test('is named by its first addresses, and then by how much it has grown', () => {
    const strangers = new Strangers(plan, { turnedAway: true });
    const told = Array.from({ length: 5000 }, (_, index) => ({ address: `192.0.2.${index % 200}`, port: index }))
      .map((caller) => strangers.seen(caller, 4444))
      .filter((event) => event !== undefined);
    expect(told.map(({ address, connections }) => [address, connections])).toEqual([
      ...Array.from({ length: 8 }, (_, index) => [`192.0.2.${index}`, index + 1]),
      ['192.0.2.9', 10],
      ['192.0.2.99', 100],
      ['192.0.2.199', 1000],
    ]);
  });

  test('from one address is one entry, and its size', () => {
    const strangers = new Strangers(plan, { turnedAway: true });
    const told = Array.from({ length: 150 }, (_, port) => strangers.seen({ address: '192.0.2.1', port }, 4444));
    expect(told.flatMap((event) => event?.connections ?? [])).toEqual([1, 10, 100]);
  });
});

test('a stranger on one of the two hosts is named by it', () => {
  const strangers = new Strangers(plan, { turnedAway: false });
  expect(['10.0.1.1', '10.0.1.2'].map((address) => strangers.seen({ address, port: 1 }, 4444)?.host)).toEqual([
    'alpha',
    'beta',
  ]);
});

describe('while a migration runs over sockets of our own', () => {
  test('strangers change nothing, and are written down', async () => {
    const migration = planned({ socket: 'app' });
    const call = (address: string) => (): void =>
      migration.world.machine('beta').strangerCalls({ address, port: 50_000 });
    migration.world.when(() => migration.world.machine('beta').sockets.size > 0, call('192.0.2.66'));
    at('copying', migration, call('192.0.2.67'));
    const ended = await migration.migrate();
    const told = migration.events.flatMap((event) => (event.kind === 'stranger-connected' ? event : []));
    expect({ outcome: ended.outcome, told, ...peace(migration) }).toEqual({
      outcome: 'done-on-destination',
      told: [
        expect.objectContaining({ address: '192.0.2.66', connections: 1, turnedAway: true }),
        expect.objectContaining({ address: '192.0.2.67', connections: 2, turnedAway: true }),
      ],
      ...quiet,
    });
  });
});

describe('while QEMU listens itself', () => {
  test('a stranger ends the attempt and is named, and the guest stays where it is', async () => {
    const migration = planned();
    const beta = migration.world.machine('beta');
    migration.world.when(
      () => beta.callerWatches.size > 0,
      () => beta.strangerCalls({ address: '192.0.2.66', port: 50_000 }),
    );
    const ended = await migration.migrate();
    expect({
      outcome: ended.outcome,
      cause: ended.explanation?.cause,
      truth: migration.world.whereabouts,
      ...peace(migration),
    }).toEqual({
      outcome: 'safe-on-source',
      cause: expect.stringMatching(/^192\.0\.2\.66 connected to the migration port \d+ of beta/),
      truth: 'runs on alpha',
      ...quiet,
    });
  });

  test('the source is not sent `migrate` once another connection has come first, even from its own address', async () => {
    const migration = planned();
    const { calls } = migration.world;
    const { callerWatches } = migration.world.machine('beta');
    migration.world.when(
      () => callerWatches.size > 0,
      () => callerWatches.forEach(({ tell }) => tell({ address: '10.0.1.1', port: 50_000 })),
    );
    const ended = await migration.migrate();
    expect([ended.outcome, ended.explanation?.cause, calls.made.filter((call) => /\.migrate /.test(call))]).toEqual([
      'safe-on-source',
      expect.stringMatching(/^10\.0\.1\.1 \(alpha\) connected to the migration port/),
      [],
    ]);
  });

  test('the source is no stranger, and callers are no longer watched once it has connected', async () => {
    const migration = planned();
    const { world } = migration;
    const beta = world.machine('beta');
    const watched: number[] = [];
    at('copying', migration, () => {
      for (const { tell } of beta.callerWatches) tell({ address: '10.0.1.1', port: 50_000 });
      watched.push(beta.callerWatches.size);
      world.cutNetwork();
      world.clock.after(2001, () => {
        watched.push(beta.callerWatches.size);
        world.restoreNetwork();
      });
    });
    await migration.migrate();
    expect([watched, migration.events.filter(({ kind }) => kind === 'stranger-connected')]).toEqual([[1, 0], []]);
  });
});
