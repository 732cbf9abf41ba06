import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

const source = join(import.meta.dirname, 'boot-sector.s');
const committed = join(import.meta.dirname, 'boot-sector.bin');

/** Assembles boot-sector.s with GNU binutils (`as`, `ld`, `objcopy`) and returns the 512 bytes. */
export async function buildBootSector(): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-boot-sector-'));
  try {
    const [object, program, image] = [
      join(directory, 'sector.o'),
      join(directory, 'sector.elf'),
      join(directory, 'sector.bin'),
    ];
    await exec('as', ['--32', '-o', object, source]);
    await exec('ld', ['-m', 'elf_i386', '-Ttext', '0x7C00', '-e', '_start', '-o', program, object]);
    await exec('objcopy', ['-O', 'binary', '-j', '.text', program, image]);
    return await readFile(image);
  } finally {
    await rm(directory, { recursive: true });
  }
}

if (import.meta.main) await writeFile(committed, await buildBootSector());
