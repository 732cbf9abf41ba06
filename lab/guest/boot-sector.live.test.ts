import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asModule, buildBootSector } from './build.ts';

const missing = ['as', 'ld', 'objcopy'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
const foreign = process.arch === 'x64' ? [] : [`binutils for x86 on ${process.arch}`];
const reason = [...missing, ...foreign].join(', ');

test.skipIf(reason !== '')(
  `the committed image is what its source builds${reason && ` (needs ${reason})`}`,
  async () => {
    const committed = await readFile(join(import.meta.dirname, 'boot-sector.ts'), 'utf8');
    expect(committed).toBe(asModule(await buildBootSector()));
  },
);
