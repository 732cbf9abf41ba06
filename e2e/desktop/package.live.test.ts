import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readArchive, type ArchivedFile } from '#e2e/support/electron/asar.ts';
import {
  addContent,
  buildDesktop,
  checkout,
  remove,
  startBrowser,
  whyNoDesktop,
} from '#e2e/support/electron/built-app.ts';
import { startApp } from '#e2e/support/electron/driver.ts';
import { programWithFuses, readFuses } from '#e2e/support/electron/fuses.ts';

// electron-builder with the real configuration, in a copy of the checkout, around a folder that stands in for Electron's
// own files: what would be shipped, without what has to be downloaded.

const whyNot = whyNoDesktop();
const mebibyte = 2 ** 20;
const here = process.arch === 'arm64' ? 'arm64' : 'x64';
const there = here === 'x64' ? 'arm64' : 'x64';
const folders = { x64: 'linux-unpacked', arm64: 'linux-arm64-unpacked' } as const;

let root: string;
let output: string;

beforeAll(async () => {
  if (whyNot !== '') return;
  root = await buildDesktop();
  await addContent(root);
  for (const folder of ['contract', 'docs', 'e2e', 'lab', 'main', 'native', 'preload', 'renderer', 'scripts']) {
    cpSync(join(checkout, folder), join(root, folder), { recursive: true });
  }
  for (const file of ['electron-builder.yml', 'package-lock.json']) cpSync(join(checkout, file), join(root, file));
  // What else a build leaves in out/, and must not travel.
  for (const file of ['out/main/cli.js', 'out/main/cli.js.map', 'out/.built', 'out/screenshots/a.png']) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), 'left over');
  }
  const libraries = join(root, '.cache/koffi');
  cpSync(join(checkout, `node_modules/@koromix/koffi-linux-${here}`), join(libraries, here, `koffi-linux-${here}`), {
    recursive: true,
  });
  mkdirSync(join(libraries, there, `koffi-linux-${there}/linux_${there}`), { recursive: true });
  writeFileSync(join(libraries, there, `koffi-linux-${there}/linux_${there}/koffi.node`), 'the other one');

  output = join(root, 'dist');
  await promisify(execFile)(
    join(checkout, 'node_modules/.bin/electron-builder'),
    [
      '--project',
      root,
      '--linux',
      'dir',
      '--x64',
      '--arm64',
      `-c.electronDist=${standInForElectron(root)}`,
      `-c.directories.output=${output}`,
    ],
    { cwd: root },
  );
});

afterAll(() => {
  if (whyNot === '') remove(root);
});

function standInForElectron(place: string): string {
  const folder = join(place, 'electron');
  for (const name of ['resources', 'locales']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'locales/en-US.pak'), '');
  writeFileSync(join(folder, 'electron'), programWithFuses('10110011'), { mode: 0o755 });
  return folder;
}

function archiveOf(arch: 'x64' | 'arm64'): string {
  return join(output, folders[arch], 'resources/app.asar');
}

function filesOf(arch: 'x64' | 'arm64'): readonly ArchivedFile[] {
  return readArchive(archiveOf(arch)).files;
}

describe.skipIf(whyNot !== '')(`a package${whyNot}`, () => {
  test('holds the built app, koffi, and nothing else', () => {
    const paths = filesOf(here).map(({ path }) => path.replace(/(?<=^out\/renderer\/assets\/).*(?=\.)/, '*'));
    expect([...new Set(paths)].toSorted()).toEqual([
      `node_modules/@koromix/koffi-linux-${here}/README.md`,
      `node_modules/@koromix/koffi-linux-${here}/index.js`,
      `node_modules/@koromix/koffi-linux-${here}/linux_${here}/koffi.node`,
      `node_modules/@koromix/koffi-linux-${here}/package.json`,
      'node_modules/koffi/LICENSE.txt',
      'node_modules/koffi/index.cjs',
      'node_modules/koffi/index.js',
      'node_modules/koffi/package.json',
      'node_modules/koffi/src/koffi/index.cjs',
      'node_modules/koffi/src/koffi/index.js',
      'node_modules/koffi/src/koffi/indirect.cjs',
      'node_modules/koffi/src/koffi/indirect.js',
      'node_modules/koffi/src/koffi/src/static.cjs',
      'node_modules/koffi/src/koffi/src/static.js',
      'node_modules/koffi/src/koffi/src/trampolines.cjs',
      'out/main/shell.js',
      'out/main/window-icon.png',
      'out/preload/index.cjs',
      'out/renderer/assets/*.css',
      'out/renderer/assets/*.js',
      'out/renderer/assets/*.svg',
      'out/renderer/assets/*.woff2',
      'out/renderer/index.html',
      'package.json',
    ]);
  });

  test.each(['x64', 'arm64'] as const)('for %s has its own native library, beside the archive', (arch) => {
    const native = filesOf(arch).filter(({ path }) => path.endsWith('.node'));
    expect(native.map(({ path, unpacked }) => [path, unpacked])).toEqual([
      [`node_modules/@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`, true],
    ]);
  });

  test('is smaller than 30 MiB without Electron', () => {
    expect(filesOf(here).reduce((sum, { size }) => sum + size, 0)).toBeLessThan(30 * mebibyte);
  });

  test('names no tool of the checkout', () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-asar-'));
    try {
      readArchive(archiveOf(here)).extractTo(folder);
      const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      expect([manifest['main'], manifest['devDependencies'], manifest['scripts']]).toEqual([
        './out/main/shell.js',
        undefined,
        undefined,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('has every fuse as it should be', () => {
    expect(readFuses(readFileSync(join(output, folders[here], 'switchyard')))).toEqual({
      runAsNode: false,
      cookieEncryption: true,
      nodeOptions: false,
      nodeCliInspect: false,
      embeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  test('is a whole app: it starts from its own files alone, native library included', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-unpacked-'));
    readArchive(archiveOf(here)).extractTo(folder);
    const browser = await startBrowser();
    try {
      const app = await startApp({ root: folder, browserEndpoint: browser.wsEndpoint(), packaged: true });
      try {
        await app.do('whenLoaded');
        await app.do('waitFor', `document.querySelector('h1') !== null`);
        expect([
          await app.do('evaluate', `window.switchyard.call('hosts.list', {}).then(({ ok }) => ok)`),
          (await app.do('records')).pageErrors,
        ]).toEqual([true, []]);
      } finally {
        await app.dispose();
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  });
});
