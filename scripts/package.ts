import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { packageOrigin, type PackageOrigin } from './package-origin.ts';

// `npm run package`: AppImage, deb and rpm, for x64 and arm64, into dist/. What follows `--` goes to electron-builder:
// `npm run package -- --x64 --linux deb`. Who they come from is in the environment: see package-origin.ts.

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');
const wishes = process.argv.slice(2);

const named = (['x64', 'arm64'] as const).filter((arch) => wishes.includes(`--${arch}`));
const architectures = named.length > 0 ? named : (['x64', 'arm64'] as const);

const origin = originOrExit();
run('sh', [join(root, 'scripts/build')]);
for (const arch of architectures) bringNativeLibrary(arch);
try {
  run(join(bin, 'electron-builder'), [
    ...(wishes.includes('--linux') ? [] : ['--linux']),
    ...(named.length > 0 ? [] : architectures.map((arch) => `--${arch}`)),
    `-c.linux.maintainer=${origin.maintainer}`,
    `-c.extraMetadata.homepage=${origin.homepage}`,
    ...wishes,
  ]);
  if (origin.unset.length > 0) {
    console.error(
      `switchyard: these packages call ${origin.maintainer} their maintainer and ${origin.homepage} their home page. ` +
        `Before they are given to others, set ${origin.unset.join(' and ')}, and make them again.`,
    );
  }
} catch {
  console.error(
    "switchyard: no package was made. Where Electron's own files cannot be downloaded, name a folder that holds them: " +
      'npm run package -- -c.electronDist=<folder>',
  );
  process.exitCode = 1;
}

/** Before anything is built: what is wrong with it would be found after minutes. */
function originOrExit(): PackageOrigin {
  try {
    return packageOrigin(process.env, { user: userInfo().username, host: hostname() });
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    console.error(`switchyard: no package was made. ${thrown.message}`);
    process.exit(2);
  }
}

/**
 * koffi's library for one processor, where electron-builder.yml looks for it. npm installs that of this machine; another's
 * comes from the registry, and has to be the very one that package-lock.json names.
 */
function bringNativeLibrary(arch: 'x64' | 'arm64'): void {
  const name = `koffi-linux-${arch}`;
  const place = join(root, '.cache/koffi', arch);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, name), { recursive: true });
  const installed = join(root, 'node_modules/@koromix', name);
  if (existsSync(installed)) return cpSync(installed, join(place, name), { recursive: true });

  const { version, integrity } = lockedPackage(`node_modules/@koromix/${name}`);
  const archive = `koromix-${name}-${version}.tgz`;
  run('npm', ['pack', '--silent', '--pack-destination', place, `@koromix/${name}@${version}`]);
  const found = `sha512-${createHash('sha512')
    .update(readFileSync(join(place, archive)))
    .digest('base64')}`;
  if (found !== integrity) {
    throw new Error(`@koromix/${name} ${version} is ${found}, and package-lock.json says ${integrity}: it is not used`);
  }
  run('tar', ['-xzf', join(place, archive), '-C', join(place, name), '--strip-components=1']);
  rmSync(join(place, archive));
}

function lockedPackage(path: string): { readonly version: string; readonly integrity: string } {
  const lock = z.object({ packages: z.record(z.string(), z.unknown()) });
  const entry = z.object({ version: z.string(), integrity: z.string() });
  return entry.parse(lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))).packages[path]);
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { cwd: root, stdio: 'inherit' });
}
