import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const name = `sy-${process.pid}-u`;
const nobody = 65534;
const command = join(import.meta.dirname, 'testing/command.ts');
const home = mkdtempSync(join(tmpdir(), 'sy-home-'));

/** Runs a program as a user without any right, who has nothing but a home. */
function asNobody(program: string, ...args: readonly string[]) {
  const drop = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--inh-caps=-all'];
  const env = { HOME: home, PATH: '/usr/bin:/bin', SWITCHYARD_RUNTIME_DIR: join(home, 'run') };
  return spawnSync('setpriv', [...drop, program, ...args], { encoding: 'utf8', env, cwd: '/' });
}

function lab(verb: string): unknown {
  const { stdout, stderr } = asNobody(process.execPath, command, verb, name);
  return stdout === '' ? stderr : JSON.parse(stdout);
}

function whyNot(): string {
  if (process.geteuid?.() !== 0) return ' (skipped: needs root, to become another user)';
  chownSync(home, nobody, nobody);
  if (asNobody(process.execPath, '--check', command).status !== 0)
    return ' (skipped: others may not read this checkout)';
  const made = asNobody('unshare', '--user', '--map-root-user', '--net', '--mount', 'true').status === 0;
  return made ? '' : ' (skipped: this kernel lets no user make namespaces)';
}

const reason = whyNot();
if (reason !== '') rmSync(home, { recursive: true });

describe.skipIf(reason !== '')(`a lab of a user without root${reason}`, () => {
  afterAll(() => {
    lab('down');
    rmSync(home, { recursive: true });
  });

  test('lives on between commands, and takes its holder with it', () => {
    expect(lab('status')).toMatchObject({ text: `There is no lab called "${name}" here.` });
    expect(lab('up')).toMatchObject({ name, guest: { host: `${name}-source`, state: 'running' } });
    expect(holders()).toHaveLength(1);
    expect(lab('verify')).toMatchObject({ proven: true, host: `${name}-source` });
    expect(lab('down')).toMatchObject({ removed: expect.arrayContaining([`namespace ${name}-source`]) });
    expect(holders()).toEqual([]);
  });
});

/** Sleeping holders of that user; none of a lab that is gone. */
function holders(): string[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const argv = readFileSync(`/proc/${entry}/cmdline`, 'utf8');
      return statSync(`/proc/${entry}`).uid === nobody && argv.includes('switchyard-lab-holder') ? [entry] : [];
    } catch {
      return [];
    }
  });
}
