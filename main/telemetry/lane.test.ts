import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sample } from '#contract/telemetry.ts';
import { TelemetryLane, type Frame } from './lane.ts';

function sampleAt(atMonoMs: number): Sample {
  return { atMonoMs, atEpochMs: atMonoMs, connections: [], subflows: [], throughputBitsPerSecond: 0 };
}

/** A lane, what it has sent, and how to offer the samples of these instants. */
function makeLane(): { lane: TelemetryLane; frames: Frame[]; offer: (...instants: number[]) => void } {
  const frames: Frame[] = [];
  const lane = new TelemetryLane((frame) => frames.push(frame));
  return { lane, frames, offer: (...instants) => instants.forEach((at) => lane.offer(sampleAt(at))) };
}

function outline({ sequence, samples, dropped }: Frame): object {
  return { sequence, at: samples.map(({ atMonoMs }) => atMonoMs), dropped };
}

test('a window that keeps up gets every sample in a frame of its own', () => {
  const { lane, frames, offer } = makeLane();
  offer(1);
  lane.acknowledge(1);
  offer(2);
  lane.acknowledge(2);
  offer(3);
  expect(frames.map(outline)).toEqual([
    { sequence: 1, at: [1], dropped: 0 },
    { sequence: 2, at: [2], dropped: 0 },
    { sequence: 3, at: [3], dropped: 0 },
  ]);
});

test('two frames go without an answer; what comes then arrives together in the next', () => {
  const { lane, frames, offer } = makeLane();
  offer(1, 2, 3, 4);
  expect(frames).toHaveLength(2);
  lane.acknowledge(1);
  expect(frames.slice(2).map(outline)).toEqual([{ sequence: 3, at: [3, 4], dropped: 0 }]);
});

test('the newest samples win over the oldest, and what was lost is counted once', () => {
  const { lane, frames, offer } = makeLane();
  offer(...Array.from({ length: 30 }, (_, index) => index + 1));
  lane.acknowledge(2);
  offer(31);
  expect(frames.slice(2).map(outline)).toEqual([
    { sequence: 3, at: Array.from({ length: 20 }, (_, index) => index + 11), dropped: 8 },
    { sequence: 4, at: [31], dropped: 0 },
  ]);
});

test('one acknowledgement stands for those before it, and one that cannot be means nothing', () => {
  const { lane, frames, offer } = makeLane();
  offer(1, 2, 3);
  for (const impossible of [99, 3, 0, -1, Number.NaN]) lane.acknowledge(impossible);
  expect(frames).toHaveLength(2);
  lane.acknowledge(2);
  lane.acknowledge(1);
  offer(4, 5);
  expect(frames.map(outline).slice(2)).toEqual([
    { sequence: 3, at: [3], dropped: 0 },
    { sequence: 4, at: [4], dropped: 0 },
  ]);
});

test('a lane that follows another continues with its numbers', () => {
  const frames: Frame[] = [];
  const lane = new TelemetryLane((frame) => frames.push(frame), 7);
  lane.offer(sampleAt(1));
  lane.acknowledge(7);
  lane.acknowledge(8);
  expect([frames.map(({ sequence }) => sequence), lane.lastSequence]).toEqual([[8], 8]);
});

test('for any acknowledgements of a window: never more than two under way, nothing out of order, nothing lost uncounted', () => {
  const step = fc.oneof(fc.constant('offer' as const), fc.integer({ min: -3, max: 60 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { lane, frames, offer } = makeLane();
      let [offered, acknowledged] = [0, 0];
      for (const each of steps) {
        if (each === 'offer') offer((offered += 1));
        else {
          lane.acknowledge(each);
          if (each <= frames.length && each > acknowledged) acknowledged = each;
        }
        expect(frames.length - acknowledged).toBeLessThanOrEqual(2);
      }
      // Acknowledging everything brings all that still waits.
      for (let sequence = 1; sequence <= frames.length; sequence += 1) lane.acknowledge(sequence);
      const arrived = frames.flatMap(({ samples }) => samples.map(({ atMonoMs }) => atMonoMs));
      const dropped = frames.reduce((sum, frame) => sum + frame.dropped, 0);
      expect(frames.map(({ sequence }) => sequence)).toEqual(frames.map((_, index) => index + 1));
      expect(arrived).toEqual(arrived.toSorted((a, b) => a - b));
      expect([arrived.length + dropped, arrived.at(-1)]).toEqual([offered, offered || undefined]);
    }),
  );
});
