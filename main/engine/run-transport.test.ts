import { describe, expect, test } from 'vitest';
import type { MptcpPolicy } from '#contract/migration.ts';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

/** A migration whose connection turns out to be plain TCP although both ends asked for Multipath TCP. */
function fallsBack(mptcp: MptcpPolicy): MigrationUnderTest {
  const migration = planned({ mptcp });
  migration.world.nature.multipath = false;
  migration.world.nature.iterationsMs = [400, 80, 40];
  return migration;
}

describe('--mptcp require', () => {
  test('cancels a connection that is plain TCP, and says why and what fixes it', async () => {
    const migration = fallsBack('require');
    const ended = await migration.migrate();
    expect({ ended, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
      ended: {
        kind: 'ended',
        outcome: 'safe-on-source',
        guest: 'source',
        explanation: {
          phase: 'going-back',
          cause:
            'Multipath TCP was required and the connection is plain TCP: beta answered without MPTCP. The guest is on alpha as before.',
          next: 'Run `sysctl -w net.mptcp.enabled=1`, then migrate again; or migrate with --mptcp prefer.',
          raw: 'qemu-system-x86_64: load of migration failed: Input/output error',
        },
      },
      truth: 'runs on alpha',
      ...quiet,
    });
  });

  test('cancels also when the reason of the fallback is not known', async () => {
    const migration = fallsBack('require');
    migration.world.calls.fail('diagnose 1', 'error');
    const { outcome, explanation } = await migration.migrate();
    expect(outcome).toBe('safe-on-source');
    expect(explanation?.cause).toContain('the connection is plain TCP');
  });

  test('cancels what cannot be verified', async () => {
    const migration = planned({ mptcp: 'require' });
    migration.world.calls.fail('source.sampler 1', 'error');
    const { outcome, explanation } = await migration.migrate();
    expect(outcome).toBe('safe-on-source');
    expect(explanation?.cause).toContain('could not be asked whether it is used');
  });

  test('completes over Multipath TCP', async () => {
    expect(await planned({ mptcp: 'require' }).migrate()).toMatchObject({ outcome: 'done-on-destination' });
  });
});

test('--mptcp prefer completes over plain TCP and reports it', async () => {
  const migration = fallsBack('prefer');
  const { outcome } = await migration.migrate();
  expect(outcome).toBe('done-on-destination');
  expect(migration.run.state.negotiated).toMatchObject({
    protocol: 'tcp',
    text: 'beta answered without MPTCP',
    command: 'sysctl -w net.mptcp.enabled=1',
  });
});

test('--mptcp off asks for plain TCP on both sides and finds nothing strange in it', async () => {
  const migration = planned({ mptcp: 'off' });
  let listener: object | undefined;
  at('listening', migration, () => (listener = { ...migration.destination?.listener }));
  const { outcome } = await migration.migrate();
  expect({ outcome, listener, text: migration.run.state.negotiated?.text }).toMatchObject({
    outcome: 'done-on-destination',
    listener: { mptcp: false },
    text: 'the connection is plain TCP',
  });
});

test('what was negotiated is asked again once data has flowed: a connection can fall back with its first data', async () => {
  const migration = planned();
  migration.world.nature.iterationsMs = [1500, 80, 40];
  await migration.migrate();
  expect(migration.events.filter(({ kind }) => kind === 'negotiated')).toMatchObject([
    { when: 'connected', protocol: 'mptcp' },
    { when: 'data-flowed', protocol: 'mptcp' },
  ]);
});

test('a kernel that cannot be asked does not stop a migration that does not depend on it', async () => {
  const migration = planned();
  migration.world.calls.fail('source.sample 2', 'error');
  const { outcome } = await migration.migrate();
  expect(outcome).toBe('done-on-destination');
  expect(migration.events).toContainEqual({
    kind: 'sampling-failed',
    why: 'source.sample failed: input/output error.',
  });
});

test('a destination whose process may not be traced gets no room for the first burst, and the guest all the same', async () => {
  const migration = planned();
  migration.world.calls.fail('destination.makeRoomAtListener 1', 'error');
  expect({ outcome: (await migration.migrate()).outcome, ...peace(migration) }).toEqual({
    outcome: 'done-on-destination',
    ...quiet,
  });
});
