import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { oddNames, unseenIn } from '#contract/testing/odd-names.ts';
import type { LabStatus } from '#lab/lab.ts';
import { exampleEvents, exampleSamples, journalOf } from '#main/export/testing/example-migration.ts';
import { oddPlan, oddRecord } from '#main/export/testing/odd-record.ts';
import { summaryOf } from '#main/export/testing/summary-of.ts';
import { historyLines } from './history.ts';
import { guestLines, hostLines } from './hosts.ts';
import { labLines, proofLine } from './lab.ts';
import { paint } from './line.ts';
import { frame } from './live/frame.ts';
import { Story } from './live/story.ts';
import { plainView } from './plain-view.ts';
import { preflightLines } from './preflight.ts';
import { resultLines } from './result.ts';

const views: readonly (readonly [view: string, text: (name: string) => string])[] = [
  ['a result', (name) => resultLines(oddRecord(name))],
  ['the history', (name) => historyLines([entryOf(name)], Infinity)],
  ['the history in 80 columns', (name) => historyLines([entryOf(name)], 80)],
  ['the hosts', (name) => hostLines([hostOf(name)])],
  ['the guests', (name) => guestLines([{ ...oddPlan(name).guest, monitorPath: name }, waitingOf(name)])],
  ['a preflight', (name) => preflightLines(answerOf(name), { commands: true })],
  ['a lab', (name) => [labLines(labOf(name)), proofLine(proofOf(name))].join('\n')],
  ['plain lines', plainLinesOf],
  ['the live view', liveOf],
];

test.each(views)('%s shows any name, in lines of bounded length', (_view, text) => {
  const names = oneof(
    constantFrom(...oddNames),
    array(oneof(constantFrom(...oddNames), string())).map((parts) => parts.join('')),
  );
  assert(
    property(names, (name) => {
      const shown = text(name);
      const longest = Math.max(...shown.split('\n').map(({ length }) => length));
      expect([unseenIn(shown), shown.isWellFormed(), longest < 20_000]).toEqual([undefined, true, true]);
    }),
    { numRuns: 60 },
  );
});

function entryOf(name: string) {
  return {
    id: '20261122T120250Z-7f3a',
    open: false,
    managed: false,
    problem: undefined,
    summary: summaryOf(oddRecord(name)),
  };
}

function hostOf(name: string) {
  const { source } = oddPlan(name);
  const mptcp = { ...source.mptcp, usable: false, reason: name, remedy: name };
  const interfaces = [
    { name, index: 1, up: false, carrier: false, mtu: 1500, addresses: [{ address: name, prefixLength: 8 }] },
  ];
  return { ...source, kernel: name, mptcp, interfaces };
}

function waitingOf(name: string) {
  return { ...oddPlan(name).guest, waiting: true, incoming: name, accelerator: name };
}

function answerOf(name: string) {
  const { checks, paths } = oddPlan(name);
  const forecast = { chosen: { text: name }, onePath: { text: `${name} ` } };
  return { ready: false, checks, paths, forecast, review: [{ side: 'source', command: name } as const] };
}

function labOf(name: string): LabStatus {
  const guest = {
    name,
    uuid: undefined,
    host: 'lab-source',
    pid: 7,
    startTimeTicks: 1,
    state: 'unreachable',
    stateReason: name,
    memoryBytes: undefined,
    walk: undefined,
    monitorPath: undefined,
    serialPath: undefined,
  } as const;
  return { name: 'lab', directory: '/run', hosts: [], links: [], guest, otherCopies: [guest] };
}

function proofOf(name: string) {
  return { guest: name, host: 'lab-source', proven: false, reason: name, atEpochMs: 0 } as const;
}

function entriesOf(name: string) {
  return journalOf({ kind: 'planned', plan: oddPlan(name) }, ...exampleEvents.slice(1, 6), {
    kind: 'sampling-failed',
    why: name,
  });
}

function plainLinesOf(name: string): string {
  const lines: string[] = [];
  const view = plainView(
    (line) => lines.push(line),
    () => 0,
  );
  for (const entry of entriesOf(name)) view.entry(entry);
  view.say(name);
  return lines.join('\n');
}

function liveOf(name: string): string {
  const story = new Story();
  for (const entry of entriesOf(name)) story.entry(entry);
  for (const sample of exampleSamples) {
    story.sample({ ...sample, subflows: sample.subflows.map((subflow) => ({ ...subflow, interface: name })) });
  }
  const size = { columns: 80, rows: 24, unicode: true, managedHere: true, nowEpochMs: 1_795_000_001_000 };
  const lines = story.scene ? frame(story.scene, size) : [];
  return lines.map((line) => paint(line, { colours: false })).join('\n');
}
