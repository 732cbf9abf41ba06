import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

// The real launcher in a checkout whose tools are stand-ins: `vite` notes that it was called and writes a command line
// that echoes its arguments. Nothing is downloaded or installed.

let home: string;
let checkout: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'switchyard-launcher-'));
  checkout = join(home, 'checkout');
  for (const name of ['switchyard', 'scripts/setup.sh', 'scripts/packages.sh', 'scripts/desktop.sh']) {
    await cp(name, join(checkout, name));
  }
  await putLock('{}\n');
  for (const file of [
    'package.json',
    'cli.vite.config.ts',
    'electron.vite.config.ts',
    'renderer.vite.config.ts',
    'contract/units.ts',
    'native/fd.ts',
    'main/cli/index.ts',
    'lab/lab.ts',
    'preload/index.ts',
    'renderer/main.tsx',
    'scripts/data-files.ts',
  ])
    await put(file, '\n');
  await putProgram('node_modules/.bin/node', 'shift; exec sh "$@"');
  await putProgram(
    'node_modules/.bin/vite',
    `echo built >>builds; [ ! -e broken ] || { echo no such module; exit 1; }; sleep 0.2
     mkdir -p out/main out/renderer; echo 'echo "$PWD:$*"' >out/main/cli.js; : >out/renderer/index.html`,
  );
  await putProgram('node_modules/.bin/electron-vite', 'echo built >>builds; : >out/main/shell.js');
  for (const command of ['qemu-system-x86_64', 'ip', 'tc', 'ss', 'nsenter', 'unshare']) {
    await putProgram(`stand-ins/${command}`, ':');
  }
});

afterEach(() => rm(home, { recursive: true, force: true }));

describe('the launcher', () => {
  test('builds once, reports it on stderr, and hands stdout and the arguments to the command line', async () => {
    const first = await launch(['lab', 'up']);
    const second = await launch(['lab', 'up']);
    expect([first, second, await builds()]).toEqual([
      { code: 0, stdout: `${home}:lab up\n`, stderr: expect.stringMatching(/^switchyard: building.*done in \d+ s\n$/) },
      { code: 0, stdout: `${home}:lab up\n`, stderr: '' },
      1,
    ]);
  });

  test('finds its checkout through a symbolic link', async () => {
    await symlink(join(checkout, 'switchyard'), join(home, 'sy'));
    expect((await launch(['--version'], { program: join(home, 'sy') })).stdout).toBe(`${home}:--version\n`);
  });

  test('builds once when several start at once', async () => {
    const starts = await Promise.all([launch(['a']), launch(['b']), launch(['c'])]);
    expect([starts.map((start) => start.stdout), await builds()]).toEqual([
      [`${home}:a\n`, `${home}:b\n`, `${home}:c\n`],
      1,
    ]);
  });

  test.each([
    ['a source was changed', () => put('main/cli/index.ts', 'changed'), 2],
    ['a source was removed', () => rm(join(checkout, 'lab/lab.ts')), 2],
    ['packages were installed', () => putLock('{"packages":{}}\n'), 2],
    ['a test was changed', () => put('main/cli/index.test.ts', 'changed'), 1],
  ])('after %s', async (_, change, expected) => {
    await put('main/cli/index.test.ts', '');
    await launch(['a']);
    await change();
    await launch(['a']);
    expect(await builds()).toBe(expected);
  });

  test('a build that fails is reported with its reason, and tried again', async () => {
    await put('broken', '');
    const broken = await launch(['a']);
    await rm(join(checkout, 'broken'));
    const fixed = await launch(['a']);
    expect([broken, fixed.code]).toEqual([
      { code: 2, stdout: '', stderr: expect.stringMatching(/no such module[^]*the full log is in .*setup\.log/) },
      0,
    ]);
  });
});

describe('without arguments', () => {
  const electron = 'stand-ins/electron';
  const withWindow = (): Readonly<Record<string, string>> => ({
    ELECTRON_OVERRIDE_DIST_PATH: join(checkout, 'stand-ins'),
    DISPLAY: ':0',
    WAYLAND_DISPLAY: '',
  });
  beforeEach(async () => {
    await putProgram(electron, 'echo "window of $*"');
    await putProgram('stand-ins/id', 'echo 1000');
  });

  test('the desktop app opens, with everything that it needs built', async () => {
    expect([await launch([], { environment: withWindow() }), await builds()]).toEqual([
      { code: 0, stdout: `window of ${checkout}\n`, stderr: expect.stringContaining('building the desktop shell') },
      3,
    ]);
  });

  test.each([
    ['Electron has not been fetched', 'is not here', () => rm(join(checkout, electron)), {}],
    ['there is no display', 'no display', () => Promise.resolve(), { DISPLAY: '' }],
    ['root asks', 'does not run as root', () => putProgram('stand-ins/id', 'echo 0'), {}],
  ])('where %s the browser is served, and one line says why', async (_, why, change, environment) => {
    await launch(['serve']);
    await change();
    expect([await launch([], { environment: { ...withWindow(), ...environment } }), await builds()]).toEqual([
      { code: 0, stdout: `${home}:serve\n`, stderr: expect.stringMatching(new RegExp(`^switchyard: .*${why}.*\\n$`)) },
      2,
    ]);
  });
});

describe('missing packages', () => {
  test.each([
    ['fedora', 'sudo dnf install qemu-system-x86 iproute iproute-tc\n'],
    ['arch', 'sudo pacman -S qemu-system-x86 iproute2\n'],
    ['opensuse-leap" ID_LIKE="suse', 'sudo zypper install qemu-x86 iproute2\n'],
    ['void', 'what Debian calls qemu-system-x86 iproute2:'],
  ])('on %s are named in its own words', async (id, expected) => {
    await writeFile(join(home, 'os-release'), `ID="${id}"\n`);
    const script = `. "$root/scripts/setup.sh"
      os_release=${home}/os-release needed_to_run='no-such-qemu=qemu-system-x86 no-such-tc=iproute2 sh=dash'
      set_up run`;
    expect(await run('sh', ['-c', script], { root: checkout })).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(expected),
    });
  });
});

async function put(file: string, text: string): Promise<void> {
  const path = join(checkout, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

async function putLock(text: string): Promise<void> {
  for (const file of ['package-lock.json', 'node_modules/.installed-lock.json']) await put(file, text);
}

async function putProgram(file: string, body: string): Promise<void> {
  await put(file, `#!/bin/sh\n${body}\n`);
  await chmod(join(checkout, file), 0o755);
}

async function builds(): Promise<number> {
  return (await readFile(join(checkout, 'builds'), 'utf8')).trimEnd().split('\n').length;
}

function launch(
  args: readonly string[],
  {
    program = join(checkout, 'switchyard'),
    environment = {},
  }: { readonly program?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const path = [join(checkout, 'stand-ins'), process.env['PATH']].join(delimiter);
  return run(program, args, { PATH: path, ...environment });
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(program, args, { cwd: home, env: { ...process.env, ...environment } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
