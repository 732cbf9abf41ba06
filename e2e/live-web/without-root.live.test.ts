import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultSettings } from '#contract/migration.ts';
import { Premises, ServedApp } from './served-app.ts';
import { WebVisitor } from './web-window.ts';

// A newcomer without root: the app runs in a user namespace, and its browser outside of it.

/** A user of its own, so that what is found of it is ours. */
const uid = 60_000 + (process.pid % 5000);
const asNobody = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];
const lab = `sy-${process.pid}-n`;

function whyNot(): string | undefined {
  if (process.geteuid?.() !== 0) return 'needs root, to become another user';
  const [program = '', ...drop] = asNobody;
  const can = (...command: readonly string[]): boolean => spawnSync(program, [...drop, ...command]).status === 0;
  const source = join(import.meta.dirname, '..', '..', 'main', 'cli', 'index.ts');
  if (!can(process.execPath, '--check', source)) return 'others may not read this checkout';
  if (!can('unshare', '--user', '--map-root-user', '--net', '--mount', 'true'))
    return 'this kernel lets no user make namespaces';
  return undefined;
}

test('makes a lab, moves its guest over both links, and leaves nothing behind', async ({ skip }) => {
  const why = whyNot();
  if (why !== undefined) skip(why);
  using premises = new Premises();
  premises.giveTo(uid);
  const app = await ServedApp.start(premises, asNobody);
  try {
    const visitor = await WebVisitor.enter(app.link);
    using window = await visitor.open();
    await window.call('lab.up', { name: lab, guestMemoryBytes: 32 * 2 ** 20 });
    const started = await window.call('migration.start', {
      guest: `${lab}-guest`,
      from: `${lab}-source`,
      to: `${lab}-destination`,
      settings: { ...defaultSettings, mptcp: 'require' },
    });
    const { record } = await window.until('migration.view-changed', ({ managed }) => !managed);
    const proof = await window.call('lab.verify', { name: lab });
    await window.call('lab.down', { name: lab });
    expect([started.kind, record.outcome, record.subflows.length, proof.proven]).toEqual([
      'started',
      'done-on-destination',
      2,
      true,
    ]);
  } finally {
    await app.end('SIGTERM');
  }
  const leftOver = () => spawnSync('ps', ['-u', String(uid), '-o', 'args='], { encoding: 'utf8' }).stdout;
  await expect.poll(leftOver, { timeout: 10_000 }).toBe('');
});

test('is closed to other users out here, though it runs in a network of its own', async ({ skip }) => {
  const why = whyNot();
  if (why !== undefined) skip(why);
  using premises = new Premises();
  premises.giveTo(uid);
  const app = await ServedApp.start(premises, asNobody);
  const script = `
    const tell = (text) => (console.log(text), process.exit());
    fetch(process.argv[1]).then(({ status }) => tell(status), () => tell('away'));`;
  const statusAs = (user: number): string => {
    const become = [`--reuid=${user}`, '--clear-groups', '--', process.execPath, '-e', script, app.link];
    return spawnSync('setpriv', become, { encoding: 'utf8' }).stdout;
  };
  try {
    const statuses = [statusAs(uid + 5000), statusAs(uid)];
    expect([statuses, app.said.includes('Warning')]).toEqual([['away\n', '200\n'], false]);
  } finally {
    await app.end('SIGTERM');
  }
});
