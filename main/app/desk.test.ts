import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { commands, events, migrationViewSchema, type CommandName, type MigrationRow } from '#contract/channels.ts';
import { SwitchyardError } from '#contract/errors.ts';
import {
  exampleEvents,
  exampleId,
  exampleSamples,
  journalOf,
  sampleAt,
} from '#main/export/testing/example-migration.ts';
import type { HistoryEntry } from './application.ts';
import type { Desk } from './desk.ts';
import { endedRow, FakeMigration, FakeWindow, goodRequests, stage, storedExample } from './testing/fake-application.ts';

const entries = journalOf(...exampleEvents);
/** Up to where the copy runs. */
const copying = entries.slice(0, 9);
const openRow: HistoryEntry = { ...endedRow(), open: true, managed: false };
/** Time for what is sent "at most every" to be sent. */
const settle = () => sleep(20);

async function ask(desk: Desk, name: CommandName, request: unknown, window = new FakeWindow()): Promise<unknown> {
  const answer = await desk.dispatch(name, request, window);
  return answer.ok ? answer.value : answer.error;
}

async function rowsOf(desk: Desk): Promise<MigrationRow[]> {
  return commands['migration.list'].response.parse(await ask(desk, 'migration.list', {}));
}

function joined(desk: Desk): FakeWindow {
  const window = new FakeWindow();
  desk.join(window);
  return window;
}

describe('a migration that is started here', () => {
  async function started() {
    const migration = new FakeMigration(entries.slice(0, 1));
    const [first] = exampleEvents;
    const plan = first?.kind === 'planned' ? first.plan : undefined;
    if (!plan) throw new TypeError('the example begins with its plan');
    const { desk, ...rest } = stage({ start: () => Promise.resolve({ kind: 'started', plan, migration }) });
    const window = joined(desk);
    const answer = await ask(desk, 'migration.start', goodRequests['migration.start'], window);
    return { desk, window, migration, answer, ...rest };
  }

  test('is managed, and sent to windows', async () => {
    const { desk, window, answer } = await started();
    await settle();
    expect([answer, desk.managedHere, window.heard.map(({ name }) => name)]).toEqual([
      { kind: 'started', id: exampleId },
      [exampleId],
      ['migration.view-changed', 'migration.list-changed'],
    ]);
    await desk.close();
  });

  test('every view has a higher revision than the one before, to the very end', async () => {
    const { desk, window, migration } = await started();
    for (const entry of entries.slice(1)) {
      migration.write(entry);
      await sleep(15);
    }
    await sleep(150);
    const views = window.of('migration.view-changed').map((view) => migrationViewSchema.parse(view));
    const revisions = views.map(({ revision }) => revision);
    const last = views.at(-1);
    expect([
      revisions.every((revision, index) => index === 0 || revision > (revisions[index - 1] ?? Infinity)),
      last?.revision,
      last?.managed,
      last?.record.outcome,
      desk.managedHere,
    ]).toEqual([true, 2 * entries.length + 1, false, 'done-on-destination', []]);
  });

  test('a view that is asked for is as new as what has happened', async () => {
    const { desk, migration, window } = await started();
    for (const entry of copying.slice(1)) migration.write(entry);
    const view = migrationViewSchema.parse(await ask(desk, 'migration.view', { id: exampleId }, window));
    expect([view.revision, view.record.transport.negotiated, view.controls.cancel]).toEqual([
      2 * copying.length,
      'mptcp',
      { possible: true },
    ]);
    await desk.close();
  });

  test.each([
    ['migration.cancel', {}, 'cancel by ada'],
    ['migration.change', { change: { downtimeLimitMs: 50 } }, 'change by ada {"downtimeLimitMs":50}'],
    ['migration.path', { action: 'backup', interface: 'eth2' }, 'path by ada "backup" "eth2"'],
    ['migration.post-copy', {}, 'post-copy by ada'],
    ['migration.recover', {}, 'recover by ada'],
  ] as const)('%s is passed on to it, with who asked', async (name, more, expected) => {
    const { desk, migration } = await started();
    expect([await ask(desk, name, { id: exampleId, ...more }), migration.asked]).toEqual([{}, [expected]]);
    await desk.close();
  });

  test('a journal that cannot be written any more is reported', async () => {
    const { desk, window, migration } = await started();
    migration.loseJournal();
    await settle();
    expect(window.of('migration.view-changed').at(-1)).toMatchObject({
      problem: 'The disk is full. The migration continues; what follows is not on disk. Make room.',
    });
    await desk.close();
  });

  test('a fault in its manager is an incident, is shown, and leaves the desk as it was', async () => {
    const { window, migration, reported } = await started();
    const fault = new TypeError('broken');
    migration.fail(fault);
    await settle();
    expect([window.of('migration.view-changed').at(-1), reported]).toEqual([
      expect.objectContaining({ problem: expect.stringContaining('(i-1): broken. Take it up again.'), managed: false }),
      [fault],
    ]);
  });

  test('what a fault quotes of a command line reaches neither the windows nor the log', async () => {
    const { window, migration, logged } = await started();
    migration.fail(new TypeError('no: -spice password=hunter22'));
    await settle();
    const { problem } = migrationViewSchema.parse(window.of('migration.view-changed').at(-1));
    expect([problem ?? '', ...logged].filter((text) => text.includes('-spice password=[redacted]')).length).toBe(2);
  });

  test('continues when the desk is closed, and is named', async () => {
    const { desk, migration } = await started();
    expect([await desk.close(), migration.asked]).toEqual([[exampleId], ['detach']]);
  });
});

describe('the table', () => {
  test('a hundred entries and samples in a second change it twice at most', async () => {
    const migration = new FakeMigration(copying);
    const { desk } = stage({
      history: () => Promise.resolve([openRow]),
      open: () => Promise.resolve(migration),
      stored: () => Promise.resolve({ ...storedExample(), entries: copying }),
    });
    const window = joined(desk);
    await desk.begin();
    await settle();
    const before = window.of('migration.list-changed').length;
    for (let i = 0; i < 50; i += 1) {
      migration.sample(sampleAt(i, i * 1000));
      await sleep(15);
    }
    const changes = window.of('migration.list-changed').length - before;
    expect([changes >= 1, changes <= 2]).toEqual([true, true]);
    await desk.close();
  });

  test('reports what is new, and not again what was reported', async () => {
    const rows: HistoryEntry[] = [endedRow()];
    const { desk } = stage({ history: () => Promise.resolve([...rows]) });
    const window = joined(desk);
    await desk.begin();
    await settle();
    rows.unshift({ ...endedRow(), id: '20261123T000000Z-0001' });
    await desk.begin();
    await desk.begin();
    await sleep(550);
    const told = window
      .of('migration.list-changed')
      .flatMap((event) => events['migration.list-changed'].parse(event).rows);
    expect(told.map(({ id }) => id)).toEqual([exampleId, '20261123T000000Z-0001']);
  });

  test('holds the latest sample of one that runs', async () => {
    const migration = new FakeMigration(copying);
    const { desk } = stage({
      history: () => Promise.resolve([openRow]),
      open: () => Promise.resolve(migration),
      stored: () => Promise.resolve({ ...storedExample(), samples: [] }),
    });
    await desk.begin();
    migration.sample(sampleAt(3, 300));
    const [row] = await rowsOf(desk);
    expect([row?.open, row?.managed, row?.latest]).toEqual([true, true, sampleAt(3, 300)]);
    await desk.close();
  });
});

describe('a migration that no process manages', () => {
  test('is taken up when the desk begins', async () => {
    const migration = new FakeMigration(copying);
    const { desk } = stage({ history: () => Promise.resolve([openRow]), open: () => Promise.resolve(migration) });
    await desk.begin();
    expect(desk.managedHere).toEqual([exampleId]);
    await desk.close();
  });

  test('is tried once without being asked, shown with why not, and tried again on request', async () => {
    let opened = 0;
    const refusal = new SwitchyardError({ kind: 'unreachable', host: 'a', text: 'It is silent.', remedy: 'Wait.' });
    const { desk } = stage({
      history: () => Promise.resolve([openRow]),
      open: () => {
        opened += 1;
        return Promise.reject(refusal);
      },
    });
    await desk.begin();
    await desk.begin();
    const [row] = await rowsOf(desk);
    const answer = await ask(desk, 'migration.take-up', { id: exampleId });
    expect([row?.problem, answer, opened]).toEqual(['It is silent. Wait.', refusal.failure, 2]);
  });

  test('can be looked at, with what can be done about it', async () => {
    const { desk } = stage({ stored: () => Promise.resolve({ ...storedExample(), entries: copying }) });
    const view = migrationViewSchema.parse(await ask(desk, 'migration.view', { id: exampleId }));
    expect([view.managed, view.controls.takeUp, view.controls.cancel]).toEqual([
      false,
      { possible: true },
      { possible: false, why: 'No process manages it: take it up first.' },
    ]);
  });

  test('cannot be asked for anything', async () => {
    const { desk } = stage();
    expect(await ask(desk, 'migration.cancel', { id: exampleId })).toMatchObject({
      kind: 'rejected',
      phase: 'unmanaged',
    });
  });

  test('a process that manages one and hangs does not keep the table from being shown', async () => {
    const { desk } = stage({
      history: () => Promise.resolve([{ ...openRow, managed: true }]),
      open: () => new Promise(() => undefined),
    });
    const begunMs = performance.now();
    const rows = [await rowsOf(desk), await rowsOf(desk)];
    expect([rows.map(([row]) => row?.managed), performance.now() - begunMs < 4000]).toEqual([[true, true], true]);
  });

  test('is followed where another process manages it, and taken up when that one is gone', async () => {
    const [followed, managed] = [new FakeMigration(copying, { managedHere: false }), new FakeMigration(copying)];
    const queue = [followed, managed];
    const { desk } = stage({
      history: () => Promise.resolve([{ ...openRow, managed: queue.length === 2 }]),
      open: () => Promise.resolve(queue.shift()),
      stored: () => Promise.resolve({ ...storedExample(), entries: copying }),
    });
    await desk.begin();
    const before = desk.managedHere;
    followed.detach();
    await settle();
    expect([before, desk.managedHere]).toEqual([[], [exampleId]]);
    await desk.close();
  });
});

describe('telemetry', () => {
  async function running() {
    const migration = new FakeMigration(copying);
    const { desk } = stage({ history: () => Promise.resolve([openRow]), open: () => Promise.resolve(migration) });
    await desk.begin();
    return { desk, migration };
  }
  const frames = (window: FakeWindow) =>
    window.of('telemetry.frame').map((frame) => events['telemetry.frame'].parse(frame));

  test('goes to the windows that look, two frames ahead of what they have drawn', async () => {
    const { desk, migration } = await running();
    const [looking, other] = [joined(desk), joined(desk)];
    await ask(desk, 'telemetry.subscribe', { id: exampleId }, looking);
    for (const sample of exampleSamples) migration.sample(sample);
    const before = frames(looking).map(({ samples }) => samples.length);
    await ask(desk, 'telemetry.acknowledge', { sequence: 1 }, looking);
    expect([before, frames(looking).length, frames(other)]).toEqual([[1, 1], 3, []]);
    await desk.close();
  });

  test('ends with its subscription, with its window, and begins again with another number', async () => {
    const { desk, migration } = await running();
    const window = new FakeWindow();
    const leave = desk.join(window);
    await ask(desk, 'telemetry.subscribe', { id: exampleId }, window);
    migration.sample(sampleAt(1, 1));
    await ask(desk, 'telemetry.subscribe', { id: exampleId }, window);
    migration.sample(sampleAt(2, 2));
    await ask(desk, 'telemetry.unsubscribe', {}, window);
    migration.sample(sampleAt(3, 3));
    await ask(desk, 'telemetry.subscribe', { id: exampleId }, window);
    leave();
    migration.sample(sampleAt(4, 4));
    expect(frames(window).map(({ sequence }) => sequence)).toEqual([1, 2]);
    await desk.close();
  });

  test('of another migration is not heard', async () => {
    const { desk, migration } = await running();
    const window = joined(desk);
    await ask(desk, 'telemetry.subscribe', { id: '20261123T000000Z-0001' }, window);
    migration.sample(sampleAt(1, 1));
    expect(frames(window)).toEqual([]);
    await desk.close();
  });
});

describe('exports', () => {
  test.each(['json', 'csv', 'log', 'html'])('%s is handed to a window that downloads', async (format) => {
    const { desk } = stage();
    expect(await ask(desk, 'migration.export', { id: exampleId, format })).toEqual({
      kind: 'content',
      fileName: `switchyard-${exampleId}.${format}`,
      mediaType: expect.stringContaining('/'),
      text: expect.stringContaining(exampleId),
    });
  });

  test('are saved where the face has a dialog, and the window learns no path', async () => {
    const saved: string[] = [];
    const { desk } = stage(
      {},
      {
        save: ({ fileName }) => {
          saved.push(fileName);
          return Promise.resolve({ kind: 'saved', fileName });
        },
      },
    );
    expect([await ask(desk, 'migration.export', { id: exampleId, format: 'csv' }), saved]).toEqual([
      { kind: 'saved', fileName: `switchyard-${exampleId}.csv` },
      [`switchyard-${exampleId}.csv`],
    ]);
  });
});

test('a lab that changes is reported to every window', async () => {
  const { desk } = stage();
  const window = joined(desk);
  await ask(desk, 'lab.up', {}, window);
  await settle();
  expect(window.of('lab.list-changed')).toEqual([{ labs: [] }]);
});

test('the face gets rows too, as long as it wants to', async () => {
  const { desk } = stage();
  const heard: string[][] = [];
  const stop = desk.onRows((rows) => heard.push(rows.map(({ id }) => id)));
  await desk.begin();
  await settle();
  stop();
  expect(heard).toEqual([[exampleId]]);
});
