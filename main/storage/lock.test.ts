import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exampleId, examplePlan } from '#main/export/testing/example-migration.ts';
import { lockGuest, lockMigration, lockProbe, managerOf, tryLock } from './lock.ts';
import { migrationPaths } from './paths.ts';
import { hostileFiles, replace } from './testing/hostile-files.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-lock-'));
  mkdirSync(migrationPaths(state, exampleId).directory, { recursive: true });
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

const owner = { pid: 4711, user: 'ada', migrationId: exampleId, sinceEpochMs: 1_795_000_000_000 };
const { identity } = examplePlan().guest;
const nil = { ...identity, uuid: '00000000-0000-0000-0000-000000000000' };

test('the second manager of a guest is refused with the name of the first', () => {
  const first = lockGuest(state, identity, owner);
  expect(() => lockGuest(state, { ...identity, pid: 9 }, { ...owner, pid: 5 })).toThrow(
    `This guest is already migrating (id ${exampleId}, by ada, process 4711).`,
  );
  first.release();
});

test('a released lock can be taken again, and releasing it twice is nothing', () => {
  const first = lockGuest(state, identity, owner);
  first.release();
  first.release();
  using second = lockGuest(state, identity, owner);
  expect(second).toBeDefined();
});

test('of a released lock only its empty file stays, for the next one', () => {
  lockMigration(state, owner).release();
  expect(readdirSync(migrationPaths(state, exampleId).directory)).toEqual(['manager.lock']);
});

test('a probe of two hosts that are being probed gets no lock, one of others does', () => {
  using first = lockProbe(state, 'a-b', owner);
  using second = lockProbe(state, 'a-b', owner);
  using other = lockProbe(state, 'a-c', owner);
  expect([first !== undefined, second, other !== undefined]).toEqual([true, undefined, true]);
});

test('guests without a uuid are distinguished by their process', () => {
  const first = lockGuest(state, nil, owner);
  using second = lockGuest(state, { ...nil, pid: nil.pid + 1 }, owner);
  expect(second).toBeDefined();
  expect(() => lockGuest(state, nil, owner)).toThrow('already migrating');
  first.release();
});

test('a look at a migration names its manager while there is one', () => {
  const before = managerOf(state, exampleId);
  const lock = lockMigration(state, owner);
  const meanwhile = managerOf(state, exampleId);
  lock.release();
  expect({ before, meanwhile, after: managerOf(state, exampleId) }).toEqual({
    before: undefined,
    meanwhile: owner,
    after: undefined,
  });
});

test('a look leaves nothing behind and does not let go of the lock', () => {
  managerOf(state, exampleId);
  const untouched = readdirSync(migrationPaths(state, exampleId).directory);
  const lock = lockMigration(state, owner);
  managerOf(state, exampleId);
  expect(() => lockMigration(state, owner)).toThrow('Another process manages this migration already');
  expect(untouched).toEqual([]);
  lock.release();
});

test.each(['torn', '{"pid":"who"}'])('a name card with %s names no manager', (card) => {
  const lock = lockMigration(state, owner);
  writeFileSync(`${migrationPaths(state, exampleId).lock}.owner.json`, card);
  expect(managerOf(state, exampleId)).toBe('unknown');
  expect(() => lockMigration(state, owner)).toThrow(
    expect.objectContaining({
      failure: expect.objectContaining({
        text: 'Another process manages this migration already.',
        remedy: 'Look at it with `switchyard history`.',
      }),
    }),
  );
  lock.release();
});

test('a lock that cannot be made is not taken for one that is held', () => {
  mkdirSync(migrationPaths(state, exampleId).lock);
  expect(() => lockMigration(state, owner)).toThrow('The lock');
});

test('a lock that cannot be signed is let go of', () => {
  const card = `${migrationPaths(state, exampleId).lock}.owner.json`;
  mkdirSync(join(card, 'in the way'), { recursive: true });
  expect(() => lockMigration(state, owner)).toThrow('could not be signed');
  rmSync(card, { recursive: true });
  using second = lockMigration(state, owner);
  expect(second).toBeDefined();
});

test('the files of a lock are for us alone', () => {
  const lock = lockMigration(state, owner);
  const { directory } = migrationPaths(state, exampleId);
  const modes = readdirSync(directory).map((name) => [
    name,
    (statSync(join(directory, name)).mode & 0o777).toString(8),
  ]);
  expect(modes).toEqual([
    ['manager.lock', '600'],
    ['manager.lock.owner.json', '600'],
  ]);
  lock.release();
});

const lockPath = (): string => migrationPaths(state, exampleId).lock;

test.for(hostileFiles)('%s in the place of a lock is refused at once', async ([what, spoil]) => {
  await replace(lockPath(), spoil);
  const text = `it is ${what}, not a file (${lockPath()}).`;
  expect(() => managerOf(state, exampleId)).toThrow(text);
  expect(() => lockMigration(state, owner)).toThrow(text);
});

test('a lock that holds something is not opened', () => {
  writeFileSync(lockPath(), 'SQLite format 3');
  expect(() => lockMigration(state, owner)).toThrow(
    `The lock ${lockPath()} could not be taken: it has 15 bytes, and a lock has none (${lockPath()}).`,
  );
});

test('a lock with a rollback journal beside it is not opened, since SQLite would write what that says', () => {
  writeFileSync(lockPath(), '');
  writeFileSync(`${lockPath()}-journal`, 'what a rollback would write');
  expect(() => managerOf(state, exampleId)).toThrow(`a lock has nothing beside it (${lockPath()}-journal).`);
});

test.for(hostileFiles)(
  '%s in the place of a name card makes the manager unknown, without waiting',
  async ([, spoil]) => {
    using lock = lockMigration(state, owner);
    await replace(`${lockPath()}.owner.json`, spoil);
    expect([managerOf(state, exampleId), lock]).toEqual(['unknown', lock]);
  },
);

test('what lies where a name card is drafted is not written through', () => {
  const victim = join(state, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, `${lockPath()}.owner.json.${owner.pid}`);
  lockMigration(state, owner).release();
  expect(readFileSync(victim, 'utf8')).toBe('untouched');
});

describe('a lock for a moment', () => {
  test('is held once at a time, also within one process', () => {
    const path = join(state, 'short', 'one.lock');
    const first = tryLock(path);
    const second = tryLock(path);
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    using third = tryLock(path);
    expect([first, second, third].map((each) => each !== undefined)).toEqual([true, false, true]);
  });

  test('leaves an empty file in a folder that only this user may enter', () => {
    const folder = join(state, 'short');
    tryLock(join(folder, 'one.lock'))?.[Symbol.dispose]();
    expect([readdirSync(folder), statSync(folder).mode & 0o777]).toEqual([['one.lock'], 0o700]);
  });
});
