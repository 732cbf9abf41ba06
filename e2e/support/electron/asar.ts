import { closeSync, cpSync, existsSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** One file of an archive. `unpacked`: it lies beside the archive, in `<archive>.unpacked`. */
export interface ArchivedFile {
  readonly path: string;
  readonly size: number;
  readonly unpacked: boolean;
  /** From the end of the header. */
  readonly offset: number;
}

interface Folder {
  readonly files: Readonly<Record<string, Folder | File>>;
}
interface File {
  readonly size: number;
  readonly unpacked?: boolean | undefined;
  readonly offset?: string | undefined;
}

const fileSchema: z.ZodType<File> = z.object({
  size: z.number(),
  unpacked: z.boolean().optional(),
  offset: z.string().optional(),
});
const folderSchema: z.ZodType<Folder> = z.object({
  files: z.record(
    z.string(),
    z.lazy(() => z.union([folderSchema, fileSchema])),
  ),
});

/**
 * An asar archive: two pickled lengths, a header of JSON, then the files one after another. Source: the format's
 * description in github.com/electron/asar.
 */
export function readArchive(archive: string): {
  readonly files: readonly ArchivedFile[];
  extractTo(folder: string): void;
} {
  const lengths = read(archive, 0, 16);
  const bodyStart = 8 + lengths.readUInt32LE(4);
  const header = folderSchema.parse(JSON.parse(read(archive, 16, lengths.readUInt32LE(12)).toString('utf8')));
  const files = filesOf(header, '');
  return {
    files,
    extractTo(folder) {
      for (const { path, size, offset, unpacked } of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        if (!unpacked) writeFileSync(join(folder, path), read(archive, bodyStart + offset, size));
      }
      if (existsSync(`${archive}.unpacked`)) cpSync(`${archive}.unpacked`, folder, { recursive: true });
    },
  };
}

function filesOf(folder: Folder, prefix: string): ArchivedFile[] {
  return Object.entries(folder.files).flatMap(([name, entry]) => {
    const path = `${prefix}${name}`;
    if ('files' in entry) return filesOf(entry, `${path}/`);
    return [{ path, size: entry.size, unpacked: entry.unpacked ?? false, offset: Number(entry.offset ?? 0) }];
  });
}

function read(path: string, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, bytes, 0, length, position);
  } finally {
    closeSync(descriptor);
  }
  return bytes;
}
