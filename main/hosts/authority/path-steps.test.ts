import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mayPass, stepsAlong, whoCouldReplace, type PathStep } from './path-steps.ts';

describe('the steps along a path', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sy-steps-'));
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real', 'qemu'), '');
    symlinkSync('real', join(folder, 'alias'));
    symlinkSync(`${folder}/alias/../alias/qemu`, join(folder, 'kvm'));
    symlinkSync('loop', join(folder, 'loop'));
    chmodSync(join(folder, 'real', 'qemu'), 0o751);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('go through every link, and the folders that hold it', () => {
    const steps = stepsAlong(join(folder, 'kvm')).map(({ path, kind }) => [kind, path.replace(folder, '')]);
    expect(steps.filter(([, path]) => path === '' || path?.startsWith('/alias') || path?.startsWith('/real'))).toEqual([
      ['folder', ''],
      ['folder', ''],
      ['link', '/alias'],
      ['folder', '/real'],
      ['link', '/alias'],
      ['folder', '/real'],
      ['file', '/real/qemu'],
    ]);
  });

  test('end with the mode and the owner of the file', () => {
    expect(stepsAlong(join(folder, 'alias/./qemu')).at(-1)).toMatchObject({ kind: 'file', mode: 0o751 });
  });

  test('of a link to itself end', () => {
    expect(() => stepsAlong(join(folder, 'loop'))).toThrow('more than 40 symbolic links');
  });

  test('to nowhere are an error', () => {
    expect(() => stepsAlong(join(folder, 'none'))).toThrow('ENOENT');
  });
});

const rules = {
  isTrustedOwner: (uid: number) => uid === 0,
  isTrustedGroup: (gid: number) => gid === 0,
  allowsSticky: false,
};
const step = (more: Partial<PathStep>): PathStep => ({
  path: '/x',
  kind: 'folder',
  uid: 0,
  gid: 0,
  mode: 0o755,
  ...more,
});

describe('what is at the end of a path', () => {
  test.each<[string, PathStep, string | undefined]>([
    ['only root', step({}), undefined],
    ['its owner', step({ uid: 1001 }), '/x belongs to user 1001'],
    ['the owner of a link', step({ kind: 'link', uid: 1001, mode: 0o777 }), '/x belongs to user 1001'],
    ['no user by the mode of a link', step({ kind: 'link', mode: 0o777 }), undefined],
    ['every user', step({ mode: 0o777 }), 'every user may write /x'],
    ['every user of a sticky folder', step({ mode: 0o1777 }), 'every user may write /x'],
    ['a group', step({ gid: 50, mode: 0o775 }), 'group 50 may write /x'],
    ['the group of root', step({ mode: 0o775 }), undefined],
    ['every user who may write the file', step({ kind: 'file', mode: 0o757 }), 'every user may write /x'],
  ])('could be replaced by %s', (_who, last, expected) => {
    expect(whoCouldReplace([step({ path: '/' }), last], rules)).toBe(expected);
  });

  test('is safe in a sticky folder where that is allowed, and a file is not', () => {
    const lenient = { ...rules, allowsSticky: true };
    expect([
      whoCouldReplace([step({ mode: 0o1777 })], lenient),
      whoCouldReplace([step({ kind: 'file', mode: 0o1777 })], lenient),
    ]).toEqual([undefined, 'every user may write /x']);
  });
});

test.each<[string, Partial<PathStep>, boolean]>([
  ['by every user', {}, true],
  ['not when closed', { mode: 0o700 }, false],
  ['by its owner', { mode: 0o700, uid: 107 }, true],
  ['not by its owner when closed to that one', { mode: 0o677, uid: 107 }, false],
  ['by its group', { mode: 0o710, gid: 992 }, true],
  ['not by its group when closed to that one', { mode: 0o701, gid: 992 }, false],
])('a folder is passed %s', (_how, more, expected) => {
  expect(mayPass(step(more), { uid: 107, gid: 107, groups: [992] })).toBe(expected);
});

test('root passes every folder', () => {
  expect(mayPass(step({ mode: 0 }), { uid: 0, gid: 0, groups: [] })).toBe(true);
});
