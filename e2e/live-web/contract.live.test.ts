import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MigrationRow, MigrationView } from '#contract/channels.ts';
import { defaultSettings } from '#contract/migration.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import type { Sample, SubflowSample } from '#contract/telemetry.ts';
import { switchyard } from '#e2e/support/stage/command.ts';
import { labDown } from '#lab/lab.ts';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { Premises, ServedApp } from './served-app.ts';
import { WebVisitor, type WebWindow } from './web-window.ts';

const reason = await whyNoLabs();
const lab = `sy-${process.pid}-w`;
const mebibyte = 2 ** 20;

/** Several seconds for what could be moved in two: there is time to do something meanwhile. */
const slowly = { ...defaultSettings, mptcp: 'require', bandwidthBitsPerSecond: 120e6 } as const;
const there: MigrationRequest = {
  guest: `${lab}-guest`,
  from: `${lab}-source`,
  to: `${lab}-destination`,
  settings: slowly,
};
const back: MigrationRequest = { ...there, from: there.to, to: there.from };

describe.skipIf(reason !== '')(`the app behind a browser${reason}`, () => {
  let premises: Premises;
  let app: ServedApp;
  let visitor: WebVisitor;
  let window: WebWindow;

  /** A new life of the app, and a browser in it. */
  const enter = async (): Promise<void> => {
    app = await ServedApp.start(premises);
    visitor = await WebVisitor.enter(app.link);
    window = await visitor.open();
  };

  const start = async (request: MigrationRequest): Promise<string> => {
    const started = await window.call('migration.start', request);
    if (started.kind === 'refused') throw new Error(JSON.stringify(started.checks));
    await window.call('telemetry.subscribe', { id: started.id });
    await window.until('telemetry.frame', (frame) => frame.id === started.id && frame.samples.some(isCopying));
    return started.id;
  };

  const untilEnded = (id: string) =>
    window.until('migration.view-changed', (view) => view.record.id === id && !view.managed && !!view.record.outcome);

  beforeAll(async () => {
    premises = new Premises();
    await enter();
    await window.call('lab.up', {
      name: lab,
      linkRatesBitsPerSecond: [100e6, 100e6],
      guestMemoryBytes: 128 * mebibyte,
    });
  });

  afterEach(async () => {
    await window.call('lab.link', { name: lab, index: 2, state: 'up' });
  });

  afterAll(async () => {
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.use(premises);
    cleanUp.defer(async () => void (await labDown(lab)));
    cleanUp.defer(async () => void (await app.end('SIGINT')));
  });

  test('foretells a migration, and shows the very commands that it then sends', async () => {
    const answer = await window.call('migration.preflight', there);
    expect(answer).toMatchObject({
      ready: true,
      paths: [{ sourceInterface: 'eth1' }, { sourceInterface: 'eth2' }],
      forecast: { chosen: { converges: true }, onePath: { converges: true } },
    });
    expect(answer.review.filter(({ command }) => command.includes('"migrate'))).toEqual([
      { side: 'destination', command: expect.stringContaining('migrate-set-capabilities') },
      { side: 'source', command: expect.stringContaining('migrate-set-capabilities') },
      { side: 'source', command: expect.stringContaining('"max-bandwidth":15000000') },
      { side: 'destination', command: expect.stringContaining('"uri":"tcp:0.0.0.0:0,mptcp=on"') },
      { side: 'source', command: expect.stringMatching(/"uri":"tcp:10\.\d+\.1\.2:PORT,mptcp=on"/) },
      { side: 'source', command: expect.stringContaining('"migrate-continue","arguments":{"state":"pre-switchover"}') },
    ]);
  });

  test('moves a guest over two links, one of which is cut on the way, and reports it as it happens', async () => {
    const id = await start(there);
    await window.call('lab.link', { name: lab, index: 2, state: 'down' });
    const told = await window.until('migration.view-changed', ({ record }) =>
      record.events.some(({ kind, text }) => kind.startsWith('subflow-') && /eth2.*(lost|closed)/.test(text)),
    );
    await window.until('telemetry.frame', ({ samples }) => samples.some(({ subflows }) => subflows.some(isAway)));
    await window.call('lab.link', { name: lab, index: 2, state: 'up' });
    const { record } = await untilEnded(id);
    expect([told.record.guestState, record.outcome, record.guestState, record.transport.fallback]).toEqual([
      'source',
      'done-on-destination',
      'destination',
      false,
    ]);
    expect(await window.call('lab.verify', { name: lab })).toMatchObject({ proven: true });
  });

  test('what was moved is in the history, with all its samples, and goes out in four formats', async () => {
    const [row] = await window.call('migration.list', {});
    const id = row?.id ?? '';
    const { samples, more } = await window.call('migration.samples', { id, limit: 5000 });
    const view = await window.call('migration.view', { id });
    const files = await Promise.all(
      (['json', 'csv', 'log', 'html'] as const).map((format) => window.call('migration.export', { id, format })),
    );
    expect([row?.open, more, samples.length > 20, view.controls.takeUp]).toEqual([
      false,
      false,
      true,
      { possible: false, why: 'It has ended.' },
    ]);
    expect(files).toEqual(
      ['json', 'csv', 'log', 'html'].map((format) => ({
        kind: 'content',
        fileName: `switchyard-${id}.${format}`,
        mediaType: expect.any(String),
        text: expect.stringContaining('eth2'),
      })),
    );
  });

  test('a window that is closed in mid-run and opened again finds everything', async () => {
    const id = await start(back);
    await sleep(500);
    const before = await window.call('migration.view', { id });
    window[Symbol.dispose]();
    await sleep(300);
    window = await visitor.open();
    const after = await window.call('migration.view', { id });
    await window.call('telemetry.subscribe', { id });
    const { samples } = await window.call('migration.samples', { id, limit: 5000 });
    const frame = await window.until('telemetry.frame', (each) => each.id === id);
    const firstNew = frame.samples[0]?.atEpochMs ?? 0;
    const gapMs = firstNew - (samples.at(-1)?.atEpochMs ?? 0);
    await window.call('migration.change', { id, change: { bandwidthBitsPerSecond: 0 } });
    const { record } = await untilEnded(id);
    expect([
      after.revision >= before.revision,
      (samples[0]?.atEpochMs ?? 0) - before.record.startedAtEpochMs < 3000,
      gapMs < 1000,
      record.outcome,
    ]).toEqual([true, true, true, 'done-on-destination']);
  });

  test('an app that is killed in mid-run finds the migration when it starts again, and finishes it', async () => {
    const id = await start(there);
    await app.end('SIGKILL');
    await sleep(500);
    await enter();
    const view = await window.call('migration.view', { id });
    await window.call('migration.change', { id, change: { bandwidthBitsPerSecond: 0 } }).catch(() => undefined);
    const { record } = await untilEnded(id);
    expect([
      record.explanation,
      view.managed,
      record.outcome,
      record.events.some(({ kind }) => kind === 'attached'),
    ]).toEqual([undefined, true, 'done-on-destination', true]);
    expect(await window.call('lab.verify', { name: lab })).toMatchObject({ proven: true });
  });

  test('an app that is interrupted reports what continues without it, and the next one takes it up', async () => {
    const id = await start(back);
    const code = await app.end('SIGINT');
    const said = app.said;
    await enter();
    await window.call('migration.change', { id, change: { bandwidthBitsPerSecond: 0 } }).catch(() => undefined);
    const { record } = await untilEnded(id);
    expect([code, said, record.outcome]).toEqual([
      0,
      expect.stringContaining(`Migration ${id} continues, and no process manages it`),
      'done-on-destination',
    ]);
  });

  test('followers of its migration that are stopped and killed do not disturb the app', async () => {
    const id = await start({ ...there, settings: { ...slowly, bandwidthBitsPerSecond: 40e6 } });
    const [program, door] = [
      join(import.meta.dirname, '..', '..', 'main', 'app', 'testing', 'stopped-follower.ts'),
      join(premises.folder, 'run', 'control', `${id}.sock`),
    ];
    for (let each = 0; each < 20; each += 1) {
      const follower = spawn(process.execPath, [program, door], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(follower, 'exit');
      await once(follower.stdout, 'data');
      follower.kill('SIGSTOP');
      await sleep(50);
      follower.kill('SIGKILL');
      await ended;
    }
    await window.call('migration.cancel', { id });
    const { record } = await untilEnded(id);
    expect([record.outcome, app.said]).toEqual(['safe-on-source', expect.not.stringContaining('fault of its own')]);
  });

  test('what a terminal has started is shown live, and taken up when its process is killed', async () => {
    const known = new Set((await window.call('migration.list', {})).map(({ id }) => id));
    const hosts = ['--from', there.from, '--to', there.to];
    const terminal = switchyard(['migrate', there.guest, ...hosts, '--bandwidth', '120mbit'], premises.environment);
    const isItsCopy = ({ id, managed, latest }: MigrationRow): boolean =>
      !known.has(id) && managed && (latest?.throughputBitsPerSecond ?? 0) > 0;
    const { rows } = await window.until('migration.list-changed', (each) => each.rows.some(isItsCopy));
    const id = rows.find(isItsCopy)?.id ?? '';
    terminal.kill('SIGKILL');
    await window.until('migration.view-changed', (view) => view.record.id === id && attached(view).length === 1);
    // Its successor has to reach the source first.
    await vi.waitFor(() => window.call('migration.change', { id, change: { bandwidthBitsPerSecond: 0 } }), 5000);
    const ended = await untilEnded(id);
    expect([ended.record.outcome, attached(ended).length]).toEqual(['done-on-destination', 1]);
  });

  test('a migration that is cancelled leaves the guest where it was', async () => {
    const id = await start(back);
    await window.call('migration.cancel', { id });
    const { record } = await untilEnded(id);
    expect([record.outcome, record.guestState, record.explanation?.cause]).toEqual([
      'safe-on-source',
      'source',
      expect.stringContaining('Cancelled by'),
    ]);
  });

  test('MPTCP settings of a host are left alone while it is migrated from, and are changed for good afterwards', async () => {
    const guest = (await window.call('guests.list', {})).find(({ name }) => name === there.guest);
    const request = guest?.hostId === there.from ? there : back;
    const change = { kind: 'set-limits', limits: { subflows: 5, addAddrAccepted: 3 } } as const;
    const id = await start(request);
    const refusal = await window
      .call('host.change-mptcp', { hostId: request.from, change })
      .catch((thrown: Error) => thrown.message);
    await window.call('migration.cancel', { id });
    await untilEnded(id);
    const changed = await window.call('host.change-mptcp', { hostId: request.from, change });
    const seen = (await window.call('hosts.list', {})).find((host) => host.id === request.from);
    expect([refusal, changed.mptcp.limits, seen?.mptcp.limits]).toEqual([
      `The migration of ${there.guest} (${id}) uses ${request.from}, and puts its MPTCP settings back when it ends.`,
      change.limits,
      change.limits,
    ]);
  });
});

function attached({ record }: MigrationView): unknown[] {
  return record.events.filter(({ kind }) => kind === 'attached');
}

/** Both links carry something: what is cut then is missed. */
function isCopying({ qemu, subflows }: Sample): boolean {
  return qemu?.status === 'active' && subflows.filter(({ bytesSent }) => bytesSent > 2 * mebibyte).length === 2;
}

function isAway({ interface: name, state }: SubflowSample): boolean {
  return name === 'eth2' && state !== 'active';
}
