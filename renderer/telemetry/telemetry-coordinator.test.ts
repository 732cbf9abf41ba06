import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Sample } from '#contract/telemetry.ts';
import { sample } from '#renderer/testing/samples.ts';
import { ScriptedHost } from '#renderer/testing/scripted-host.ts';
import { TelemetryCoordinator } from './telemetry-coordinator.ts';

const id = '20261122T120250Z-7f3a';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A window whose paints happen when the test says so, and a main that has `history` on disk. */
function window(history: Sample[] = [], pageSize = 2) {
  const paints: (() => void)[] = [];
  const main = new ScriptedHost({
    'telemetry.subscribe': () => ({}),
    'telemetry.unsubscribe': () => ({}),
    'telemetry.acknowledge': () => ({}),
    'migration.samples': ({ afterEpochMs = -1 }) => {
      const younger = history.filter(({ atEpochMs }) => atEpochMs > afterEpochMs);
      return { samples: younger.slice(0, pageSize), more: younger.length > pageSize };
    },
  });
  const coordinator = new TelemetryCoordinator(main, id, {
    beforeNextPaint: (paint) => paints.push(paint),
    nowMs: () => Date.now(),
  });
  let sequence = 0;
  return {
    main,
    coordinator,
    history,
    frame: (...samples: Sample[]) => {
      sequence += 1;
      history.push(...samples);
      main.say('telemetry.frame', { id, sequence, samples, dropped: 0 });
    },
    paint: () => paints.splice(0).forEach((paint) => paint()),
    settle: () => vi.advanceTimersByTimeAsync(0),
    times: () => [...coordinator.buffer.recent.atEpochMs],
  };
}

test('a run opened late is filled from the history, page by page, before frames are drawn', async () => {
  const { coordinator, frame, settle, times } = window([0, 100, 200, 300, 400].map((at) => sample(at)));
  coordinator.start({ live: true });
  frame(sample(500));
  expect(times()).toEqual([]);
  await settle();
  expect(times()).toEqual([0, 100, 200, 300, 400, 500]);
});

test('a frame is acknowledged once it has been drawn, and not before', async () => {
  const { main, coordinator, frame, paint, settle } = window();
  coordinator.start({ live: true });
  await settle();
  frame(sample(0));
  await settle();
  frame(sample(100));
  expect(main.requestsOf('telemetry.acknowledge')).toEqual([]);
  paint();
  expect(main.requestsOf('telemetry.acknowledge')).toEqual([{ sequence: 2 }]);
});

test('what was missed while the window was hidden is fetched before anything younger is drawn', async () => {
  const { coordinator, frame, history, settle, times } = window([sample(0)]);
  coordinator.start({ live: true });
  await settle();
  history.push(...[1_000, 2_000, 3_000].map((at) => sample(at)));
  frame(sample(4_000));
  await settle();
  expect(times()).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
});

test('after the line broke it subscribes again, fills the hole, and counts frames from the beginning', async () => {
  const { main, coordinator, frame, paint, settle, times } = window([sample(0)]);
  coordinator.start({ live: true });
  await settle();
  frame(sample(100));
  paint();
  main.reopen();
  await settle();
  main.say('telemetry.frame', { id, sequence: 1, samples: [sample(200)], dropped: 0 });
  paint();
  expect(times()).toEqual([0, 100, 200]);
  expect(main.requestsOf('telemetry.subscribe')).toHaveLength(2);
  expect(main.requestsOf('telemetry.acknowledge')).toEqual([{ sequence: 1 }, { sequence: 1 }]);
});

test('tables hear of it twice a second at most, and of the last frame always', async () => {
  const { coordinator, frame, paint, settle } = window();
  const seen: (number | undefined)[] = [];
  coordinator.onReadings(() => seen.push(coordinator.readings()?.atEpochMs));
  coordinator.start({ live: true });
  await settle();
  paint();
  seen.length = 0;
  for (let at = 100; at <= 1_200; at += 100) {
    await vi.advanceTimersByTimeAsync(100);
    frame(sample(at));
    await settle();
    paint();
  }
  await vi.advanceTimersByTimeAsync(600);
  expect(seen).toEqual([400, 900, 1_200]);
});

test('frames of another migration, and frames after the stop, are not taken', async () => {
  const { main, coordinator, frame, settle, times } = window();
  const stop = coordinator.start({ live: true });
  await settle();
  main.say('telemetry.frame', { id: '20261122T120250Z-0000', sequence: 1, samples: [sample(0)], dropped: 0 });
  stop();
  frame(sample(100));
  expect(times()).toEqual([]);
  expect(main.requestsOf('telemetry.unsubscribe')).toEqual([{}]);
});

test('an ended run is read from its history alone', async () => {
  const { main, coordinator, settle, times } = window([sample(0), sample(100), sample(200)]);
  coordinator.start({ live: false });
  await settle();
  expect(times()).toEqual([0, 100, 200]);
  expect(main.requestsOf('telemetry.subscribe')).toEqual([]);
});

test('samples that a frame could not hold are fetched before it is taken', async () => {
  const { main, coordinator, history, settle, times } = window([sample(0)]);
  coordinator.start({ live: true });
  await settle();
  history.push(sample(100), sample(200), sample(300));
  main.say('telemetry.frame', { id, sequence: 1, samples: [sample(300)], dropped: 2 });
  await settle();
  expect(times()).toEqual([0, 100, 200, 300]);
});
