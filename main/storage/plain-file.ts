import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { NotPlain } from './file-failure.ts';
import { currentUser } from './paths.ts';

export { NotPlain } from './file-failure.ts';

/**
 * Of opening what may be anything: a named pipe does not block (O_NONBLOCK), a symbolic link is not followed
 * (O_NOFOLLOW), a terminal does not become ours (O_NOCTTY). Source: open(2).
 */
export const warily = constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

/** A regular file of this user or of root, open for reading. */
export interface PlainFile extends Disposable {
  readonly byteCount: number;
  /** So many bytes from this place on; fewer where the file ends before. */
  read(atByte: number, byteCount: number): Buffer<ArrayBuffer>;
}

export interface PlainFileOptions {
  /** Also a file of another user, whose words are shown as such and never believed. */
  readonly ofAnyUser?: boolean;
}

/** The one way in which a file of ours is opened for reading. Throws `NotPlain`, or as node:fs. */
export function openPlainFile(path: string, options: PlainFileOptions = {}): PlainFile {
  const descriptor = opened(path, options);
  const close = (): void => closeSync(descriptor);
  try {
    const stats = fstatSync(descriptor);
    requirePlain(path, stats, options);
    return {
      byteCount: stats.size,
      read: (atByte, byteCount) => readAt(descriptor, atByte, byteCount),
      [Symbol.dispose]: close,
    };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

/** The whole of a file that is no longer than this. Throws `NotPlain`, or as node:fs. */
export function readPlainFile(path: string, mostBytes: number): Buffer<ArrayBuffer> {
  using file = openPlainFile(path);
  const { byteCount } = file;
  if (byteCount > mostBytes) {
    throw new NotPlain(path, `it has ${byteCount} bytes, and at most ${mostBytes} are read`);
  }
  return file.read(0, byteCount);
}

/** The end of a file: at most so many bytes, and where in the file they begin. Throws `NotPlain`, or as node:fs. */
export function readPlainTail(
  path: string,
  mostBytes: number,
  options: PlainFileOptions = {},
): { readonly bytes: Buffer<ArrayBuffer>; readonly atByte: number } {
  using file = openPlainFile(path, options);
  const atByte = Math.max(0, file.byteCount - mostBytes);
  return { bytes: file.read(atByte, file.byteCount - atByte), atByte };
}

/** Whether this user or root owns what is there, and it is a regular file: throws `NotPlain` where not. */
export function requirePlain(path: string, stats: Stats, { ofAnyUser = false }: PlainFileOptions = {}): void {
  if (!stats.isFile()) throw new NotPlain(path, `it is ${kindOf(stats)}, not a file`);
  if (!ofAnyUser) requireOwn(path, stats);
}

/** The same for a directory. As node:fs where there is nothing. */
export function requirePlainDirectory(path: string): void {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) throw new NotPlain(path, `it is ${kindOf(stats)}, not a directory`);
  requireOwn(path, stats);
}

function requireOwn(path: string, { uid }: Stats): void {
  if (uid !== 0 && uid !== currentUser().uid) throw new NotPlain(path, `it belongs to user ${uid}`);
}

/** A link (ELOOP) and a socket (ENXIO) cannot be opened: what they are stands in their names' own metadata. */
function opened(path: string, options: PlainFileOptions): number {
  try {
    return openSync(path, constants.O_RDONLY | warily);
  } catch (thrown) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats) requirePlain(path, stats, options);
    throw thrown;
  }
}

function readAt(descriptor: number, atByte: number, byteCount: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(byteCount);
  let filled = 0;
  while (filled < byteCount) {
    const count = readSync(descriptor, bytes, filled, byteCount - filled, atByte + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

const kinds = [
  ['isSymbolicLink', 'a symbolic link'],
  ['isFIFO', 'a named pipe'],
  ['isDirectory', 'a directory'],
  ['isSocket', 'a socket'],
  ['isFile', 'a file'],
] as const;

function kindOf(stats: Stats): string {
  return kinds.find(([is]) => stats[is]())?.[1] ?? 'a device';
}
