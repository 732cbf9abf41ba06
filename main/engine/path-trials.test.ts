import { describe, expect, test } from 'vitest';
import type { Path } from '#contract/migration.ts';
import { untilOneWorks } from './path-trials.ts';
import { pathBetween } from './simulation/facts.ts';
import { unreachable } from './simulation/faults.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import type { DeadPath } from './simulation/simulated-world.ts';
import { plan } from './simulation/states.ts';
import { stepTable } from './step-table.ts';
import { VirtualClock } from './simulation/virtual-clock.ts';

const three = [1, 2, 3].map((link) => pathBetween(plan.source, plan.destination, link));

/** What becomes of a trial: after how long, and whether the path works. */
interface Fate {
  readonly afterMs: number;
  readonly works: boolean;
}

/** The failed paths by their interface, with the reason, and how long it took. */
async function tried(...fates: readonly Fate[]): Promise<object> {
  const clock = new VirtualClock();
  const begun: string[] = [];
  const attempt = async (path: Path): Promise<void> => {
    const fate = fates[three.indexOf(path)];
    begun.push(`${path.sourceInterface} at ${clock.monoMs()} ms`);
    await clock.sleep(fate?.afterMs ?? 0);
    if (fate?.works !== true) throw unreachable(path.destinationAddress);
  };
  const failed = await clock.until(untilOneWorks(clock, three.slice(0, fates.length), attempt));
  return {
    failed: failed.map(({ path, why }) => `${path.sourceInterface}: ${why}`),
    begun,
  };
}

const good: Fate = { afterMs: 3, works: true };
const refused: Fate = { afterMs: 1, works: false };
const slow: Fate = { afterMs: 1000, works: true };
const silent: Fate = { afterMs: 6000, works: false };
const late = 'There was no answer within 1.5 s, and a later path answered.';

describe('paths are tried in order', () => {
  test('and no further than to the first that works', async () => {
    expect(await tried(good, good)).toEqual({ failed: [], begun: ['eth1 at 0 ms'] });
  });

  test('the next one at once when one is refused', async () => {
    expect(await tried(refused, refused, good)).toEqual({
      failed: ['eth1: 10.0.1.2 does not answer.', 'eth2: 10.0.2.2 does not answer.'],
      begun: ['eth1 at 0 ms', 'eth2 at 1 ms', 'eth3 at 2 ms'],
    });
  });

  test('the next one after a head start when one does not answer', async () => {
    expect(await tried(silent, refused, good)).toEqual({
      failed: ['eth2: 10.0.2.2 does not answer.', `eth1: ${late}`],
      begun: ['eth1 at 0 ms', 'eth2 at 1500 ms', 'eth3 at 1501 ms'],
    });
  });

  test('one that is slow to answer keeps its turn', async () => {
    expect(await tried(slow, good)).toEqual({ failed: [], begun: ['eth1 at 0 ms'] });
  });

  test('one that has not answered is still waited for when no other works', async () => {
    expect(await tried({ afterMs: 5000, works: true }, refused)).toEqual({
      failed: ['eth2: 10.0.2.2 does not answer.'],
      begun: ['eth1 at 0 ms', 'eth2 at 1500 ms'],
    });
  });

  test('until none is left', async () => {
    expect(await tried(silent, silent)).toEqual({
      failed: ['eth1: 10.0.1.2 does not answer.', 'eth2: 10.0.2.2 does not answer.'],
      begun: ['eth1 at 0 ms', 'eth2 at 1500 ms'],
    });
  });

  test('a fault of ours is not taken for a path that fails', async () => {
    const fault = untilOneWorks(new VirtualClock(), three, () => Promise.reject(new TypeError('ours')));
    await expect(fault).rejects.toThrow('ours');
  });
});

/** Over two links, of which the first leads nowhere. */
function withFirstDead(how: DeadPath, since: 'the beginning' | 'the trial' = 'the beginning'): MigrationUnderTest {
  const migration = planned({}, 'running', undefined, 2);
  const kill = (): void => void migration.world.nature.dead.set('10.0.1.2', how);
  if (since === 'the beginning') kill();
  else at('listening', migration, kill);
  return migration;
}

/** Attempts to connect, the paths that failed, and how it ended. */
async function told(migration: MigrationUnderTest): Promise<object> {
  const { outcome } = await migration.migrate();
  const failed = migration.events.flatMap((event) =>
    event.kind === 'path-failed' ? [`${event.path.sourceInterface}, ${event.seen}: ${event.why}`] : [],
  );
  const attempts = migration.story.filter((line) => /^intended (migrate|hang-up)$/.test(line));
  return { outcome, failed, attempts, ...peace(migration) };
}

describe('a first path that leads nowhere', () => {
  test.each<[DeadPath, string]>([
    ['refuses', '10.0.1.2 does not answer.'],
    ['stranger', '10.0.1.2 does not answer.'],
    ['silent', late],
  ])('%s: the guest goes over the next one, and no QEMU hears of it', async (how, why) => {
    expect(await told(withFirstDead(how))).toEqual({
      outcome: 'done-on-destination',
      failed: [`eth1, trial: ${why}`],
      attempts: ['intended migrate'],
      ...quiet,
    });
  });

  test('refuses after it has been tried: the source is sent over the next one', async () => {
    expect(await told(withFirstDead('refuses', 'the trial'))).toEqual({
      outcome: 'done-on-destination',
      failed: [`eth1, connection: Failed to connect to '10.0.1.2': Connection refused`],
      attempts: ['intended migrate', 'intended migrate'],
      ...quiet,
    });
  });

  test('falls silent after it has been tried: the kernel gives the connection up, and the next one is used', async () => {
    expect(await told(withFirstDead('silent', 'the trial'))).toEqual({
      outcome: 'done-on-destination',
      failed: [`eth1, connection: Failed to connect to '10.0.1.2': Connection timed out`],
      attempts: ['intended migrate', 'intended hang-up', 'intended migrate'],
      ...quiet,
    });
  });

  test('is tried by our own sockets too', async () => {
    const migration = planned({ socket: 'app' }, 'running', undefined, 2);
    const { world } = migration;
    world.calls.watch((name) => {
      if (name === 'destination.listenOwned') world.nature.dead.set('10.0.1.2', 'refuses');
    });
    expect(await told(migration)).toMatchObject({
      outcome: 'done-on-destination',
      failed: [expect.stringMatching(/^eth1, trial: /)],
    });
  });
});

describe('where no path leads to the destination', () => {
  test('each is named with its reason, and nothing has been sent', async () => {
    const migration = withFirstDead('refuses');
    migration.world.nature.dead.set('10.0.2.2', 'silent');
    const { outcome, explanation } = await migration.migrate();
    expect({ outcome, cause: explanation?.cause, asked: migration.story.includes('intended migrate') }).toEqual({
      outcome: 'safe-on-source',
      cause:
        'Trying the paths failed. No path leads to beta. eth1 (10.0.1.1 to 10.0.1.2): 10.0.1.2 does not answer. ' +
        'eth2 (10.0.2.1 to 10.0.2.2): 10.0.2.2 does not answer. The guest is on alpha as before.',
      asked: false,
    });
  });

  test('after QEMU has tried both: the second is given up like the first', async () => {
    const migration = withFirstDead('refuses', 'the trial');
    at('listening', migration, () => void migration.world.nature.dead.set('10.0.2.2', 'refuses'));
    const { outcome, explanation } = await migration.migrate();
    expect([outcome, explanation?.cause]).toEqual([
      'safe-on-source',
      "QEMU gave up the migration: Failed to connect to '10.0.2.2': Connection refused. Tried before: " +
        "eth1 (10.0.1.1 to 10.0.1.2): Failed to connect to '10.0.1.2': Connection refused. The guest is on alpha as before.",
    ]);
  });
});

test('a port on which no trial can be answered is left to the step that opens it', async () => {
  const migration = planned({}, 'running', undefined, 2);
  migration.world.calls.fail('destination.answerTrials 1', 'error');
  expect(await migration.migrate()).toMatchObject({ outcome: 'done-on-destination' });
});

test('a manager that dies between two attempts leaves a guest that its successor returns', async () => {
  const migration = withFirstDead('silent', 'the trial');
  const entry = await entryOf(withFirstDead('silent', 'the trial'), 'path-failed');
  await migration.manageUntilKilled({ atEntry: entry, moment: 'after' });
  migration.world.calm();
  const { outcome } = await migration.attach();
  expect({ outcome, truth: migration.world.whereabouts, ...peace(migration) }).toEqual({
    outcome: 'safe-on-source',
    truth: 'runs on alpha',
    ...quiet,
  });
});

async function entryOf(migration: MigrationUnderTest, kind: string): Promise<number> {
  await migration.migrate();
  return migration.events.findIndex((event) => event.kind === kind) + 1;
}

test.each([
  ['a single path', 1, undefined, false],
  ['a single path and a port that the kernel chooses', 1, 0, false],
  ['a single path and a port that was named, where another machine may wait', 1, 4444, true],
  ['several paths', 2, undefined, true],
] as const)('paths are tried beforehand or not: %s', (_, count, port, expected) => {
  const listener = port === undefined ? {} : { listener: { host: '0.0.0.0', port } };
  expect(stepTable['try-paths'].prepares({ ...plan, paths: three.slice(0, count), ...listener })).toBe(expected);
});
