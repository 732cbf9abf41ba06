import { describe, expect, test } from 'vitest';
import type { Finding } from '#main/likeness/finding.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import type { MigrationUnderTest } from './simulation/migration-under-test.ts';
import { at, peace, planned, quiet } from './simulation/scenes.ts';

const denied: Finding = {
  row: 'disk-access',
  item: '/vm/a.raw',
  text: '/vm/a.raw cannot be opened for writing by nobody.',
  remedy: 'Give that user access.',
};
const held: Finding = { ...denied, row: 'disk-lock', text: 'Another process holds a lock on /vm/a.raw.' };
const image: OpenImage = { path: '/vm/a.raw', leadsTo: '1:2', forWriting: true, direct: false };
const safe = { outcome: 'safe-on-source', truth: 'runs on alpha', ...quiet };

function foundOnBeta({ world }: MigrationUnderTest, ...findings: readonly Finding[]): void {
  world.machine('beta').diskFindings = findings;
}

/** The first iteration takes so long that several looks are due in it. */
function slowly(migration: MigrationUnderTest, iterationsMs: readonly number[] = [25_000, 1500, 1500, 40]): void {
  migration.world.nature.iterationsMs = [...iterationsMs];
}

async function endingOf(migration: MigrationUnderTest): Promise<object> {
  const { outcome, explanation } = await migration.migrate();
  return { outcome, cause: explanation?.cause, truth: migration.world.whereabouts, ...peace(migration) };
}

describe('before anything is sent', () => {
  test('disks that the destination cannot take over end the migration on the source, by name', async () => {
    const migration = planned();
    foundOnBeta(migration, denied, held);
    expect(await endingOf(migration)).toEqual({
      ...safe,
      cause:
        'Checking the disks on beta failed. Refused: /vm/a.raw cannot be opened for writing by nobody. Another process holds a lock on /vm/a.raw. The guest is on alpha as before.',
    });
    expect(migration.story).not.toContain('intended listen');
  });

  test('what the operator has accepted is passed over', async () => {
    const migration = planned({ accepted: ['disk-access'] });
    foundOnBeta(migration, denied);
    expect(await endingOf(migration)).toMatchObject({ outcome: 'done-on-destination' });
  });

  test('a lock is not passed over', async () => {
    const migration = planned({ accepted: ['disk-lock'] });
    foundOnBeta(migration, held);
    expect(await endingOf(migration)).toMatchObject(safe);
  });
});

describe('while the memory is copied', () => {
  test('a disk that another process takes cancels it, and the guest stays', async () => {
    const migration = planned();
    slowly(migration);
    at('connecting', migration, () => foundOnBeta(migration, held));
    expect(await endingOf(migration)).toEqual({
      ...safe,
      cause: 'Another process holds a lock on /vm/a.raw. The guest is on alpha as before.',
    });
  });

  test('a disk that is taken after some iterations cancels it as well', async () => {
    const migration = planned();
    slowly(migration, [400, 1500, 1500, 1500, 40]);
    at('copying', migration, () => foundOnBeta(migration, held));
    expect(await endingOf(migration)).toMatchObject(safe);
  });

  test('an image that the guest did not have when its destination was started cancels it', async () => {
    const migration = planned();
    slowly(migration, [25_000, 12_000, 12_000, 40]);
    at('copying', migration, () => (migration.source.images = [image]));
    expect(await endingOf(migration)).toEqual({
      ...safe,
      cause: 'The guest has opened /vm/a.raw since its destination was started. The guest is on alpha as before.',
    });
  });

  test('what the operator has accepted is passed over', async () => {
    const migration = planned({ accepted: ['disk-access'] });
    slowly(migration);
    at('connecting', migration, () => foundOnBeta(migration, denied));
    expect(await endingOf(migration)).toMatchObject({ outcome: 'done-on-destination' });
  });

  test('it is looked at with each iteration, and not more often than once a second', async () => {
    const migration = planned();
    slowly(migration, [400, 1500, 1500, 300, 300, 40]);
    await migration.migrate();
    const looks = migration.world.calls.made.filter((call) => call.startsWith('source.images '));
    // One before it began, one in the second, the third and the fourth iteration, and the last when it is about to leave.
    expect(looks.length).toBe(5);
  });

  test('a source that does not answer is left to those that ask for its status', async () => {
    const migration = planned();
    slowly(migration);
    migration.world.calls.fail('source.images 2', 'time-out without effect');
    expect(await endingOf(migration)).toMatchObject({ outcome: 'done-on-destination' });
  });

  test('after post-copy was asked for, nothing is cancelled', async () => {
    const migration = planned({ postCopy: 'allow' });
    slowly(migration);
    at('copying', migration, () => {
      migration.requestPostCopy('operator');
      foundOnBeta(migration, held);
    });
    expect((await migration.migrate()).outcome).toBe('done-on-destination');
  });
});

describe('at the gate, with the guest stopped', () => {
  test.each(['qemu', 'app'] as const)(
    'a disk that was taken in the last iteration cancels it, and the guest runs on (--socket %s)',
    async (socket) => {
      const migration = planned({ socket });
      at('waitingToLeave', migration, () => foundOnBeta(migration, held));
      expect(await endingOf(migration)).toEqual({
        ...safe,
        cause: 'Another process holds a lock on /vm/a.raw. The guest is on alpha as before.',
      });
    },
  );

  test('a host that does not answer in time is not waited for: the look before found nothing', async () => {
    const migration = planned();
    migration.world.calls.fail('destination.disksCanBeTaken 2', 'time-out without effect');
    expect(await endingOf(migration)).toMatchObject({ outcome: 'done-on-destination' });
  });
});
