import { expect, test } from 'vitest';
import type { MigrationRow, MigrationView } from '#contract/channels.ts';
import { exampleRecord } from '#main/app/testing/fake-application.ts';
import { Outbox } from './outbox.ts';

/** A line that is full until the test lets it drain. */
function fullLine() {
  const sent: unknown[] = [];
  const line = { unsentBytes: 2 << 20, send: (text: string) => void sent.push(JSON.parse(text)) };
  let last: (() => void) | undefined;
  const outbox = new Outbox({
    get unsentBytes() {
      return line.unsentBytes;
    },
    send: (text, done) => {
      line.send(text);
      last = done;
    },
  });
  const drain = (): void => {
    line.unsentBytes = 0;
    last?.();
  };
  return { outbox, sent, line, drain };
}

const { samples: _samples, ...record } = exampleRecord();
const possible = { possible: true } as const;
const controls = {
  cancel: possible,
  change: possible,
  takeUp: possible,
  paths: possible,
  postCopy: possible,
  recover: possible,
  goBack: possible,
};
const view = (revision: number, id = record.id): MigrationView => ({
  revision,
  managed: true,
  limits: record.settings,
  controls,
  record: { ...record, id },
});
const row = (id: string, managed: boolean): MigrationRow => ({ id, open: true, managed });
const frame = (sequence: number) => ({ id: record.id, sequence, samples: [], dropped: 0 });

test('on a line that drains everything goes at once', () => {
  const { outbox, sent, line } = fullLine();
  line.unsentBytes = 0;
  outbox.emit('migration.view-changed', view(1));
  outbox.answer(7, { ok: true, value: {} });
  expect(sent).toEqual([
    { event: 'migration.view-changed', payload: view(1) },
    { id: 7, answer: { ok: true, value: {} } },
  ]);
});

test('of views that wait only the newest of each migration is sent', () => {
  const { outbox, sent, drain } = fullLine();
  const other = '20261123T000000Z-0001';
  outbox.answer(1, {});
  for (const each of [view(1), view(2, other), view(3), view(4)]) outbox.emit('migration.view-changed', each);
  drain();
  expect(sent.slice(1)).toEqual([
    { event: 'migration.view-changed', payload: view(4) },
    { event: 'migration.view-changed', payload: view(2, other) },
  ]);
});

test('rows that wait are gathered, the newest of each', () => {
  const { outbox, sent, drain } = fullLine();
  outbox.answer(1, {});
  outbox.emit('migration.list-changed', { rows: [row('a', true), row('b', true)] });
  outbox.emit('migration.list-changed', { rows: [row('a', false), row('c', true)] });
  drain();
  outbox.emit('migration.list-changed', { rows: [row('d', true)] });
  expect(sent.slice(1)).toEqual([
    { event: 'migration.list-changed', payload: { rows: [row('a', false), row('b', true), row('c', true)] } },
    { event: 'migration.list-changed', payload: { rows: [row('d', true)] } },
  ]);
});

test('frames wait too, and all arrive: there are never more than two', () => {
  const { outbox, sent, drain } = fullLine();
  outbox.answer(1, {});
  outbox.emit('telemetry.frame', frame(1));
  outbox.emit('telemetry.frame', frame(2));
  drain();
  expect(sent.slice(1)).toEqual([1, 2].map((sequence) => ({ event: 'telemetry.frame', payload: frame(sequence) })));
});

test('an answer never waits behind events', () => {
  const { outbox, sent } = fullLine();
  outbox.emit('migration.view-changed', view(1));
  outbox.answer(1, { ok: true, value: {} });
  expect(sent).toEqual([{ id: 1, answer: { ok: true, value: {} } }]);
});

test('a number that JSON does not have does not break the line', () => {
  const { outbox, sent } = fullLine();
  outbox.answer(1, { ok: true, value: Number.POSITIVE_INFINITY });
  expect(sent).toEqual([{ id: 1, answer: { ok: true, value: 0 } }]);
});
