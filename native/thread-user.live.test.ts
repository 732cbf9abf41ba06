import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isLocked, lockShared, mayAccess } from './file-locks.ts';
import { NativeError } from './native-error.ts';
import { asFileUser } from './thread-user.ts';

const isRoot = process.geteuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: opening files as another user, because that takes root\n');
const nobody = { uid: 65_534, gid: 65_534, groups: [7, 8] };

function credentials(): string {
  const status = readFileSync('/proc/thread-self/status', 'utf8');
  return status
    .split('\n')
    .filter((line) => /^(Uid|Gid|Groups|CapEff):/.test(line))
    .join('\n');
}

function codeOf(attempt: () => unknown): unknown {
  try {
    attempt();
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? thrown.code : thrown;
  }
}

describe.skipIf(!isRoot)('as another user', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sy-thread-user-'));
    chmodSync(folder, 0o755);
    file = join(folder, 'file');
    writeFileSync(file, 'x');
    chmodSync(file, 0o644);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the kernel opens what that user may open, and refuses the rest', () => {
    const codes = asFileUser(nobody, () => [
      codeOf(() => closeSync(openSync(file, 'r'))),
      codeOf(() => closeSync(openSync(file, 'r+'))),
    ]);
    expect(codes).toEqual([undefined, 'EACCES']);
  });

  test('the kernel is asked without opening', () => {
    expect(asFileUser(nobody, () => [mayAccess(file, false), mayAccess(file, true)])).toEqual([true, false]);
    expect(mayAccess(file, true)).toBe(true);
  });

  test('the thread is itself again afterwards, also after an error', () => {
    const before = credentials();
    const within = asFileUser(nobody, credentials);
    const thrown = codeOf(() => asFileUser(nobody, () => openSync(file, 'r+')));
    expect([within === before, thrown, credentials()]).toEqual([false, 'EACCES', before]);
  });

  test('a user that the kernel does not know of is refused, and nothing is called', () => {
    let called = false;
    expect(() => asFileUser({ ...nobody, uid: 0xffff_ffff }, () => (called = true))).toThrow(NativeError);
    expect(called).toBe(false);
  });
});

test('a lock is seen through every other descriptor, and not through its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sy-file-locks-'));
  try {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    const [own, other] = [openSync(path, 'r'), openSync(path, 'r')];
    lockShared(own, 201);
    const seen = [isLocked(own, 201), isLocked(other, 201), isLocked(other, 200)];
    closeSync(own);
    expect([...seen, isLocked(other, 201)]).toEqual([false, true, false, false]);
    closeSync(other);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
