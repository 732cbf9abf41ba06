import { constants } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { OpenImage } from '#main/likeness/open-image.ts';
import { fileCalls, openAgain, type FileCalls } from './open-again.ts';

const image: OpenImage = { path: '/vm/a.raw', leadsTo: '1:2', forWriting: true, direct: false };
const disk: OpenImage = { ...image, path: '/dev/vdb', leadsTo: 'device 8:0' };
const locks = { file: 'fe:00:7', bytes: [101, 201] };

function refuse(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: no`), { code });
  };
}

/** A kernel that refuses nothing, and what it was asked for. */
function kernel(changes: Partial<FileCalls> = {}): { readonly calls: FileCalls; readonly asked: string[] } {
  const asked: string[] = [];
  const calls: FileCalls = {
    open: (path, flags) => {
      asked.push(`open ${path} ${flags}`);
      return 7;
    },
    close: (file) => void asked.push(`close ${file}`),
    isLocked: () => false,
    mayAccess: (path, forWriting) => {
      asked.push(`access ${path}${forWriting ? ' for writing' : ''}`);
      return true;
    },
    isReadOnlyDevice: () => false,
    ...changes,
  };
  return { calls, asked };
}

describe('a file', () => {
  const always = constants.O_NONBLOCK | constants.O_NOCTTY;
  test.each<[string, Partial<OpenImage>, number]>([
    ['for writing', {}, constants.O_RDWR | always],
    ['for reading', { forWriting: false }, constants.O_RDONLY | always],
    ['without the page cache', { direct: true }, constants.O_RDWR | constants.O_DIRECT | always],
  ])('is opened as QEMU opens it, %s, and closed; it is never made or emptied', (_how, changes, flags) => {
    const { calls, asked } = kernel();
    expect([openAgain({ ...image, ...changes }, calls), asked]).toEqual([
      { excluded: [] },
      [`open /vm/a.raw ${flags}`, 'close 7'],
    ]);
  });

  test.each(['EACCES', 'EROFS', 'ENOENT', 'EINVAL'])('that cannot be opened is refused with %s', (code) => {
    expect(openAgain({ ...image, locks }, kernel({ open: refuse(code) }).calls)).toEqual({
      refusal: code,
      excluded: [],
    });
  });

  test('that another process has locked is excluded from by those bytes which QEMU needs', () => {
    const { calls, asked } = kernel({ isLocked: (_file, byte) => byte === 201 || byte === 150 });
    expect([openAgain({ ...image, locks }, calls).excluded, asked.at(-1)]).toEqual([
      [{ byte: 201, means: 'excludes writing' }],
      'close 7',
    ]);
  });

  test('that QEMU does not lock is not asked about its locks', () => {
    expect(openAgain(image, kernel({ isLocked: () => true }).calls)).toEqual({ excluded: [] });
  });

  test('is closed when the question about a lock fails, with its reason', () => {
    const { calls, asked } = kernel({ isLocked: refuse('ENOLCK') });
    expect([openAgain({ ...image, locks }, calls).refusal, asked.at(-1)]).toEqual(['ENOLCK', 'close 7']);
  });

  test.each<[string, unknown]>([
    ['an error without a code', new TypeError('ours')],
    ['an error with a code of its own', Object.assign(new Error('ours'), { code: 5 })],
    ['no error', 'ours'],
  ])('%s is a fault of ours', (_what, thrown) => {
    const open = (): never => {
      throw thrown;
    };
    expect(() => openAgain(image, kernel({ open }).calls)).toThrow('ours');
  });
});

describe('a device', () => {
  test.each<[string, Partial<OpenImage>, Partial<FileCalls>, string | undefined]>([
    ['that may be used', {}, {}, undefined],
    ['that its user may not use', {}, { mayAccess: () => false }, 'EACCES'],
    ['that cannot be written', {}, { isReadOnlyDevice: () => true }, 'EROFS'],
    ['that cannot be written, and need not be', { forWriting: false }, { isReadOnlyDevice: () => true }, undefined],
  ])('%s is judged without opening it', (_which, changes, answers, refusal) => {
    const { calls, asked } = kernel(answers);
    expect([openAgain({ ...disk, ...changes }, calls), asked.some((call) => call.startsWith('open'))]).toEqual([
      { ...(refusal === undefined ? {} : { refusal }), excluded: [] },
      false,
    ]);
  });

  test.each(['/dev/null', '/nowhere'])('that is no block device (%s) is not read-only', (path) => {
    expect(fileCalls.isReadOnlyDevice(path)).toBe(false);
  });
});
