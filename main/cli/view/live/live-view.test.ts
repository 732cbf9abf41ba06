import { expect, test } from 'vitest';
import { fakeClock, fakeTerminal } from '#main/cli/testing/fakes.ts';
import { exampleEvents, journalOf, sampleAt } from '#main/export/testing/example-migration.ts';
import { liveView } from './live-view.ts';

test('draws at the clock’s pace, not at that of what arrives', () => {
  const [terminal, clock] = [fakeTerminal(), fakeClock()];
  const view = liveView(terminal, { clock, managedHere: () => true });
  for (const entry of journalOf(...exampleEvents)) view.entry(entry);
  for (let each = 0; each < 50; each += 1) view.sample(sampleAt(each / 50, each));
  const before = terminal.written.length;
  clock.tick();
  expect([before, terminal.written.length]).toEqual([0, 1]);
});

test('says whose migration it is, as it changes', () => {
  const [terminal, clock] = [fakeTerminal(), fakeClock()];
  let managedHere = false;
  const view = liveView(terminal, { clock, managedHere: () => managedHere });
  for (const entry of journalOf(...exampleEvents.slice(0, 1))) view.entry(entry);
  clock.tick();
  managedHere = true;
  clock.tick();
  expect(terminal.written).toEqual([
    expect.stringContaining('Ctrl-C stops watching'),
    expect.stringContaining('Ctrl-C cancels'),
  ]);
});

test('draws nothing any more when it is closed', () => {
  const [terminal, clock] = [fakeTerminal(), fakeClock()];
  const view = liveView(terminal, { clock, managedHere: () => true });
  for (const entry of journalOf(...exampleEvents)) view.entry(entry);
  view.close();
  const closed = terminal.written.length;
  clock.tick();
  expect(terminal.written.length).toBe(closed);
});
