import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { currentUser, directoriesFor, makeDirectories, makePrivateDirectory, openDirectories } from './paths.ts';

const ada = { uid: 1000, home: '/home/ada', temporary: '/tmp' };
const root = { uid: 0, home: '/root', temporary: '/tmp' };

describe('directoriesFor', () => {
  test('a user without any variable', () => {
    expect(directoriesFor({}, ada)).toEqual({
      state: '/home/ada/.local/state/switchyard',
      runtime: '/tmp/switchyard-1000',
    });
  });

  test('root without any variable', () => {
    expect(directoriesFor({}, root)).toEqual({ state: '/root/.local/state/switchyard', runtime: '/run/switchyard' });
  });

  test('the session says where', () => {
    expect(directoriesFor({ XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/run/user/1000' }, ada)).toEqual({
      state: '/s/switchyard',
      runtime: '/run/user/1000/switchyard',
    });
  });

  test('relative and empty XDG values are ignored, as their specification says', () => {
    expect(directoriesFor({ XDG_STATE_HOME: 'state', XDG_RUNTIME_DIR: '' }, ada)).toEqual(directoriesFor({}, ada));
  });

  test("Switchyard's own variables come first, and may be relative", () => {
    const own = {
      SWITCHYARD_STATE_DIR: 'here',
      SWITCHYARD_RUNTIME_DIR: '/r',
      XDG_STATE_HOME: '/s',
      XDG_RUNTIME_DIR: '/u',
    };
    expect(directoriesFor(own, ada)).toEqual({ state: resolve('here'), runtime: '/r' });
  });
});

test('where the system has no user ids, every user is root', () => {
  expect([currentUser({}).uid, currentUser({ geteuid: () => 1000 }).uid]).toEqual([0, 1000]);
});

describe('makePrivateDirectory', () => {
  let base = '';
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'switchyard-paths-'));
  });
  afterEach(() => {
    rmSync(base, { recursive: true });
  });

  test('makes what is missing, for us alone', () => {
    makePrivateDirectory(join(base, 'a', 'b'));
    expect(['a', 'a/b'].map((path) => statSync(join(base, path)).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  test('takes one that is there and leaves its mode alone', () => {
    const path = join(base, 'shared');
    mkdirSync(path);
    chmodSync(path, 0o755);
    makePrivateDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  test('refuses one that others may write to', () => {
    chmodSync(base, 0o777);
    expect(() => makePrivateDirectory(base)).toThrow(`Switchyard does not use ${base}: others may write there.`);
  });

  test("refuses one of another user: root's, or one that root has given away", () => {
    const me = process.geteuid?.();
    const given = join(base, 'theirs');
    mkdirSync(given);
    if (me === 0) chownSync(given, 4711, 4711);
    const [theirs, owner] = me === 0 ? [given, 4711] : ['/', 0];
    expect(() => makePrivateDirectory(theirs)).toThrow(`it belongs to user ${owner}, not to user ${me}`);
  });

  test('refuses a symbolic link, which another user may have made', () => {
    const link = join(base, 'link');
    symlinkSync(tmpdir(), link);
    expect(() => makePrivateDirectory(link)).toThrow('it is a symbolic link');
  });

  test('refuses a file', () => {
    const path = join(base, 'file');
    writeFileSync(path, '');
    expect(() => makePrivateDirectory(path)).toThrow(`Switchyard does not use ${path}: it is not a directory.`);
  });

  test('ends where a directory is there and nothing can be made in it', () => {
    expect(() => makePrivateDirectory('/proc/self/switchyard/below')).toThrow(
      'The directory /proc/self/switchyard/below could not be made: there is no such file (ENOENT).',
    );
  });

  test('ends at the top where nothing at all can be made', () => {
    expect(() => makeDirectories('')).toThrow('ENOENT');
  });

  test('says what is in the way', () => {
    writeFileSync(join(base, 'file'), '');
    expect(() => makePrivateDirectory(join(base, 'file', 'below'))).toThrow('a part of the path is a file (ENOTDIR)');
  });

  test('openDirectories makes both', () => {
    const wanted = { state: join(base, 's'), runtime: join(base, 'r') };
    const opened = openDirectories({ SWITCHYARD_STATE_DIR: wanted.state, SWITCHYARD_RUNTIME_DIR: wanted.runtime });
    expect([opened, statSync(wanted.state).isDirectory(), statSync(wanted.runtime).isDirectory()]).toEqual([
      wanted,
      true,
      true,
    ]);
  });
});
