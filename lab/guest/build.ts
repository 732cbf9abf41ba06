import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Assembles boot-sector.s with GNU binutils (`as`, `ld`, `objcopy`) and returns the 512 bytes. */
export async function buildBootSector(): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-boot-sector-'));
  const [object, program, image] = [
    join(directory, 'sector.o'),
    join(directory, 'sector.elf'),
    join(directory, 'sector.bin'),
  ];
  try {
    await exec('as', ['--32', '-o', object, join(import.meta.dirname, 'boot-sector.s')]);
    await exec('ld', ['-m', 'elf_i386', '-Ttext', '0x7C00', '-e', '_start', '-o', program, object]);
    await exec('objcopy', ['-O', 'binary', '-j', '.text', program, image]);
    return await readFile(image);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The image as a module: it is part of each bundle with the lab, and a change of it can be read. */
export function asModule(image: Uint8Array): string {
  const lines =
    Buffer.from(image)
      .toString('hex')
      .match(/.{1,64}/g) ?? [];
  return [
    '// Built from boot-sector.s by `node lab/guest/build.ts`. Do not edit.',
    'export const bootSector: Uint8Array = Buffer.from(',
    '  `',
    ...lines.map((line) => `  ${line}`),
    "  `.replaceAll(/\\s/g, ''),",
    "  'hex',",
    ');',
    '',
  ].join('\n');
}

if (import.meta.main) await writeFile(join(import.meta.dirname, 'boot-sector.ts'), asModule(await buildBootSector()));
