export interface ArchivedFile {
  /** Relative, ASCII, at most 100 characters. */
  readonly name: string;
  readonly text: string;
}

const blockLength = 512;

/**
 * Files as one archive in the format of POSIX.1-1988 (ustar), which every `tar` reads: for each a header of 512 bytes, then
 * its bytes, filled up with zeros; two empty blocks end it. Only its owner may read what is unpacked.
 */
export function tarArchive(files: readonly ArchivedFile[], modifiedEpochMs: number): Buffer {
  const blocks = files.flatMap(({ name, text }) => {
    const bytes = Buffer.from(text);
    const filling = Buffer.alloc((blockLength - (bytes.length % blockLength)) % blockLength);
    return [header(name, bytes.length, Math.floor(modifiedEpochMs / 1000)), bytes, filling];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockLength)]);
}

/** Offsets and lengths are those of `struct posix_header` (tar.h); numbers are octal, with a zero byte after them. */
function header(name: string, byteCount: number, modifiedEpochSeconds: number): Buffer {
  const block = Buffer.alloc(blockLength);
  const put = (offset: number, text: string): void => void block.write(text, offset, 'latin1');
  const number = (value: number, length: number): string => value.toString(8).padStart(length - 1, '0');
  put(0, name.slice(0, 100));
  put(100, number(0o600, 8));
  put(108, number(0, 8));
  put(116, number(0, 8));
  put(124, number(byteCount, 12));
  put(136, number(modifiedEpochSeconds, 12));
  put(156, '0');
  put(257, 'ustar\x0000');
  // The sum of all bytes, those of the sum itself counted as spaces.
  put(148, ' '.repeat(8));
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${number(sum, 7)}\0 `);
  return block;
}
