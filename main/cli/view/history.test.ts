import { expect, test } from 'vitest';
import type { Outcome } from '#contract/migration.ts';
import type { HistoryEntry } from '#main/app/application.ts';
import { exampleRecord } from '#main/cli/testing/fakes.ts';
import { summaryOf } from '#main/export/testing/summary-of.ts';
import { historyLines } from './history.ts';
import { localTime } from './time.ts';

const summary = summaryOf(exampleRecord());
const id = '20261122T120250Z-7f3a';

function entry(changes: Partial<HistoryEntry> = {}): HistoryEntry {
  return { id, open: false, managed: false, problem: undefined, summary, ...changes };
}

function ended(outcome: Outcome): HistoryEntry {
  return entry({ summary: { ...summary, outcome } });
}

test('a row says all that there is room for', () => {
  const started = localTime(summary.startedAtEpochMs);
  expect(historyLines([entry()], Infinity).split('\n')).toEqual([
    `Id                     Guest      Status  From        To               Paths  Throughput  Downtime  Started              Duration  User`,
    `${id}  lab-guest  done    lab-source  lab-destination  2/2    839 Mbit/s  38 ms     ${started}  1.8 s     ada`,
  ]);
});

test('in 80 columns it says who, what, from where to where, and what it cost', () => {
  const [header = ''] = historyLines([entry()], 80).split('\n');
  expect([header.split(/ +/), header.length <= 80]).toEqual([
    ['Id', 'Guest', 'Status', 'From', 'To', 'Downtime'],
    true,
  ]);
});

test.each([
  ['without a manager', { open: true }, `No process manages ${id}: finish it with \`switchyard watch ${id}\`.`],
  [
    'a process manages',
    { open: true, managed: true },
    `${id} is under way: follow it with \`switchyard watch ${id}\`.`,
  ],
  [
    'has a damaged journal',
    { summary: undefined, problem: 'Its journal is damaged.' },
    `${id}: Its journal is damaged.`,
  ],
  [
    'has a damaged lock',
    { open: true, managerUnknown: true, problem: 'Its lock is a named pipe. Move it away.' },
    `${id}: Its lock is a named pipe. Move it away.`,
  ],
])('one that %s is marked with what to type', (_, changes, line) => {
  expect(
    historyLines([entry(changes)], Infinity)
      .split('\n')
      .at(-1),
  ).toBe(line);
});

test('an end that needs the operator stands out, and says what to type', () => {
  const outcomes = ['unknown', 'stopped-on-source', 'paused-recoverable', 'lost'] as const;
  const marked = outcomes.map((outcome) => {
    const lines = historyLines([ended(outcome)], Infinity).split('\n');
    return [/[A-Z]{4,}/.exec(lines[1]?.slice(32) ?? '')?.[0], /`switchyard (\w+) /.exec(lines.at(-1) ?? '')?.[1]];
  });
  expect(marked).toEqual([
    ['KNOWN', 'show'],
    ['STOPPED', 'show'],
    ['PAUSED', 'recover'],
    ['LOST', 'show'],
  ]);
});

test('those that are over and well ask for nothing', () => {
  expect(historyLines([ended('done-on-destination'), ended('safe-on-source')], Infinity).split('\n')).toHaveLength(3);
});
