import { describe, expect, test } from 'vitest';
import { assert, boolean, integer, property, record } from 'fast-check';
import {
  exampleEvents,
  exampleSamples,
  journalOf,
  qemuAt,
  sampleAt,
  subflowAt,
} from '#main/export/testing/example-migration.ts';
import { lineWidth, paint } from '#main/cli/view/line.ts';
import { frame, type FrameOptions } from './frame.ts';
import { Story, type Scene } from './story.ts';

const copyingEvents = [
  ...exampleEvents.slice(0, 9),
  { kind: 'observed', side: 'source', observation: { kind: 'answering', run: 'running', migration: 'active' } },
] as const;

function sceneOf(events: readonly (typeof exampleEvents)[number][], samples = exampleSamples): Scene {
  const story = new Story();
  for (const entry of journalOf(...events)) story.entry(entry);
  for (const sample of samples) story.sample(sample);
  if (!story.scene) throw new Error('the events begin with a plan');
  return story.scene;
}

const copying = sceneOf(copyingEvents);
const size = { columns: 80, rows: 24, unicode: true, managedHere: true };

function shown(scene: Scene, options: Partial<FrameOptions> = {}): string[] {
  const nowEpochMs = scene.startedAtEpochMs + 12_300;
  return frame(scene, { ...size, nowEpochMs, ...options }).map((line) => paint(line, { colours: false }).trimEnd());
}

test('answers what an operator asks, in 80 columns', () => {
  expect(shown(copying).filter((line) => !/^\d\d:/.test(line))).toEqual([
    'lab-guest  lab-source → lab-destination                           copying memory',
    '━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸─────────────────────────────────────────────  39 %',
    'lab-guest runs on lab-source.',
    'Elapsed 12.3 s            ETA 3.04 s                Remaining 312 MiB',
    'Iteration 1               Dirty rate -              Downtime -',
    '',
    'eth1   ━━━━━━━━━━━━━━━━━━━━━━━━━━━───  450 Mbit/s   50 %      RTT 4 ms  active',
    'eth2   ━━━━━━━━━━━━━━━━━━━━━━━━━━━───  450 Mbit/s   50 %    RTT 2.8 ms  active',
    "total  900 Mbit/s, 90 % of the paths' 1 Gbit/s",
    '',
    '',
    'Ctrl-C cancels and waits until the guest is safe.',
  ]);
});

test('shows the last events with the time of day', () => {
  expect(
    shown(copying)
      .filter((line) => /^\d\d:/.test(line))
      .map((line) => line.slice(9)),
  ).toEqual([
    'Destination is listening on port 49152 with MPTCP.',
    'The source QEMU has begun to migrate.',
    'eth1 carries a subflow from 10.0.1.1 to 10.0.1.2.',
    'eth2 carries a subflow from 10.0.2.1 to 10.0.2.2.',
    'Connected: Multipath TCP confirmed by the kernel, 2 subflows.',
    'Iteration 1 begins: 512 MiB to send.',
  ]);
});

test('says when the guest dirties faster than is sent', () => {
  const samples = [sampleAt(1, 0, { qemu: qemuAt({ dirtyPagesPerSecond: 40_000, iteration: 3 }) })];
  expect(shown(sceneOf(copyingEvents, samples))).toEqual(
    expect.arrayContaining([
      expect.stringContaining('ETA not converging'),
      expect.stringContaining('Dirty rate 1.31 Gbit/s'),
    ]),
  );
});

test('says what auto-converge does to the guest, and which downtime is to be expected', () => {
  const samples = [sampleAt(1, 0, { qemu: qemuAt({ cpuThrottleFraction: 0.2, expectedDowntimeMs: 38 }) })];
  expect(shown(sceneOf(copyingEvents, samples))).toEqual(
    expect.arrayContaining([
      expect.stringContaining('Downtime 38 ms expected'),
      expect.stringContaining('CPU slowed by 20 %'),
    ]),
  );
});

test('a path in trouble says so in words', () => {
  const samples = [sampleAt(1, 0, { subflows: [subflowAt(1, { state: 'stale' }), subflowAt(2)] })];
  const [eth1] = shown(sceneOf(copyingEvents, samples)).filter((line) => line.startsWith('eth1'));
  expect(eth1).toMatch(/stale$/);
});

test('is never full before the guest has arrived', () => {
  const samples = [sampleAt(1, 0, { qemu: qemuAt({ remainingBytes: 0 }) })];
  const percentOf = (events: readonly (typeof exampleEvents)[number][]): string | undefined =>
    shown(sceneOf(events, samples))[1]?.slice(-5);
  expect([percentOf(copyingEvents), percentOf(exampleEvents)]).toEqual([' 99 %', '100 %']);
});

test('nothing is known before the first sample, and that shows', () => {
  expect(shown(sceneOf(exampleEvents.slice(0, 2), [])).slice(0, 5)).toEqual([
    'lab-guest  lab-source → lab-destination                                preparing',
    '──────────────────────────────────────────────────────────────────────────   0 %',
    'lab-guest runs on lab-source.',
    'Elapsed 12.3 s            ETA -                     Remaining -',
    'Iteration -               Dirty rate -              Downtime -',
  ]);
});

describe('at any size', () => {
  const sizes = record({ columns: integer({ min: 1, max: 300 }), rows: integer({ min: 1, max: 60 }) });

  test('fits the terminal and leaves the last row free', () => {
    assert(
      property(sizes, boolean(), ({ columns, rows }, unicode) => {
        const lines = frame(copying, { ...size, columns, rows, unicode, nowEpochMs: copying.startedAtEpochMs });
        expect([lines.length <= Math.max(1, rows - 1), Math.max(...lines.map(lineWidth)) <= columns]).toEqual([
          true,
          true,
        ]);
      }),
    );
  });

  test('low, the events make room first; paths that do not all fit are left out', () => {
    const kinds = (rows: number): string[] =>
      shown(copying, { rows }).map((line) => (/^\d\d:/.test(line) ? 'event' : /^(eth|total)/.test(line) ? 'path' : ''));
    const count = (rows: number, kind: string): number => kinds(rows).filter((each) => each === kind).length;
    expect([24, 16, 12, 11, 10].map((rows) => [count(rows, 'path'), count(rows, 'event')])).toEqual([
      [3, 6],
      [3, 3],
      [3, 0],
      [3, 0],
      [0, 1],
    ]);
  });

  test('wider, it grows', () => {
    const bars = [80, 160].map((columns) => shown(copying, { columns })[1]?.length);
    expect(bars).toEqual([80, 160]);
  });

  test('speaks ASCII where the terminal knows no more', () => {
    const strange = shown(copying, { unicode: false }).filter((line) => /[^\u0020-\u007e]/.test(line));
    expect(strange).toEqual([]);
  });
});
