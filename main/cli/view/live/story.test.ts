import { expect, test } from 'vitest';
import {
  exampleEvents,
  exampleId,
  examplePlan,
  exampleSamples,
  journalOf,
  sampleAt,
} from '#main/export/testing/example-migration.ts';
import { Story } from './story.ts';

function told(events = exampleEvents): Story {
  const story = new Story();
  for (const entry of journalOf(...events)) story.entry(entry);
  return story;
}

test('is nothing before its plan', () => {
  expect(new Story().scene).toBeUndefined();
});

test('knows who is moved, where to, since when, and how far it is', () => {
  const story = told(exampleEvents.slice(0, 4));
  for (const sample of exampleSamples) story.sample(sample);
  const [planned] = journalOf(...exampleEvents);
  expect(story.scene).toEqual({
    guest: 'lab-guest',
    source: 'lab-source',
    destination: 'lab-destination',
    startedAtEpochMs: planned?.atEpochMs,
    paths: examplePlan().paths,
    phase: { name: 'connecting', guest: 'source' },
    samples: exampleSamples,
    events: [
      {
        atEpochMs: planned?.atEpochMs,
        text: 'ada asked to migrate lab-guest from lab-source to lab-destination: 2 paths, MPTCP where both ends speak it.',
      },
      { atEpochMs: (planned?.atEpochMs ?? 0) + 200, text: 'Destination is listening on port 49152 with MPTCP.' },
    ],
  });
});

test('keeps the samples of the last seconds only', () => {
  const story = told(exampleEvents.slice(0, 1));
  for (let second = 0; second <= 10; second += 1) story.sample(sampleAt(second, 0));
  expect(story.scene?.samples).toEqual([7, 8, 9, 10].map((second) => sampleAt(second, 0)));
});

test('samples of a manager that has gone are on another clock: they are forgotten', () => {
  const story = told(exampleEvents.slice(0, 1));
  story.sample(sampleAt(100, 0));
  story.entry({ sequence: 9, atMonoMs: 1, atEpochMs: 1, event: { kind: 'attached', user: 'ada', pid: 7 } });
  story.sample(sampleAt(1, 0));
  expect(story.scene?.samples).toEqual([sampleAt(1, 0)]);
});

test('names that would drive the terminal are made harmless', () => {
  const plan = examplePlan();
  const guest = { ...plan.guest, name: 'web\u001B[2J01' };
  expect(told([{ kind: 'planned', plan: examplePlan({ guest }) }]).scene?.guest).toBe('web\\u001b[2J01');
});

test('remembers no more events than can be shown', () => {
  const many = Array.from({ length: 50 }, () => exampleEvents[2]).filter((event) => event !== undefined);
  expect(told([{ kind: 'planned', plan: examplePlan({ id: exampleId }) }, ...many]).scene?.events).toHaveLength(20);
});
