import { expect, test } from 'vitest';
import { exampleEvents, exampleSamples, journalOf } from '#main/export/testing/example-migration.ts';
import { plainView } from './plain-view.ts';

test('an event is a line with its time, in UTC; a sample is none', () => {
  const lines: string[] = [];
  const view = plainView(
    (line) => void lines.push(line),
    () => Date.UTC(2026, 10, 22, 12, 3, 0),
  );
  for (const entry of journalOf(...exampleEvents.slice(0, 3))) view.entry(entry);
  for (const sample of exampleSamples) view.sample(sample);
  view.say('Cancelling.');
  view.close();
  expect(lines).toEqual([
    '2026-11-22T12:02:50.000Z ada asked to migrate lab-guest from lab-source to lab-destination: 2 paths, MPTCP where both ends speak it.',
    '2026-11-22T12:02:50.100Z Asked the destination to listen.',
    '2026-11-22T12:02:50.200Z Destination is listening on port 49152 with MPTCP.',
    '2026-11-22T12:03:00.000Z Cancelling.',
  ]);
});
