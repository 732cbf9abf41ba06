import { open, rm, type FileHandle } from 'node:fs/promises';
import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import { isErrno } from './errno.ts';

/**
 * Writes a file that only its owner can read: a record names hosts and addresses. What is there already is kept unless
 * `overwrite` is set; what could be written only in part is removed again.
 */
export async function writeNewFile(
  path: string,
  text: string | Uint8Array,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  const file = await openForWriting(path, overwrite);
  try {
    // An old file keeps its mode when it is opened; a device or a pipe is not ours to change.
    const isFile = (await file.stat()).isFile();
    if (isFile) await file.chmod(0o600);
    await file.writeFile(text);
  } catch (thrown) {
    if (!overwrite) await rm(path, { force: true });
    throw failure(path, thrown);
  } finally {
    await file.close();
  }
}

async function openForWriting(path: string, overwrite: boolean): Promise<FileHandle> {
  try {
    return await open(path, overwrite ? 'w' : 'wx', 0o600);
  } catch (thrown) {
    throw isErrno(thrown, 'EEXIST')
      ? invalidRequest(`${path} exists already.`, 'Name a new file, or add --force to overwrite it.', 'output')
      : failure(path, thrown);
  }
}

function failure(path: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('errno' in thrown)) return thrown;
  const wrongName = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG'].some((code) =>
    isErrno(thrown, code),
  );
  if (wrongName) return invalidRequest(`${path} cannot be written: ${thrown.message}.`, 'Name another file.', 'output');
  return new SwitchyardError(
    {
      kind: 'native',
      syscall: 'write',
      errno: Math.abs(Number(thrown.errno)),
      code: String(thrown.code),
      text: `${path} could not be written: ${thrown.message}.`,
      remedy: 'Make room there, or name a file elsewhere.',
    },
    { cause: thrown },
  );
}
