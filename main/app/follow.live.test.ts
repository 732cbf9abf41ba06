import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exampleEvents, exampleId, journalOf, sampleAt } from '#main/export/testing/example-migration.ts';
import { follow } from './follow.ts';

// A manager in another process, as far as its socket goes.

const entries = journalOf(...exampleEvents.slice(0, 5));
let folder: string;
let path: string;
let lines: Socket[];
let stop: () => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sy-follow-'));
  path = join(folder, 'manager.sock');
  lines = [];
  const server = createServer((socket) => lines.push(socket.resume()));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  stop = () => {
    for (const line of lines) line.destroy();
    server.close();
  };
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

const say = (message: object): void => void lines[0]?.write(`${JSON.stringify(message)}\n`);

async function followed() {
  const following = follow(exampleId, path, () => Promise.resolve(entries));
  while (lines.length === 0) await sleep(5);
  say({ kind: 'done' });
  return following;
}

test('what is detached has ended at once, also when its manager is silent', async () => {
  const migration = await followed();
  migration.detach();
  const late = sleep(1000).then(() => 'late');
  expect(await Promise.race([migration.ended, late])).toEqual({ kind: 'detached' });
  while (lines[0]?.destroyed === false) await sleep(5);
});

test('samples and entries come as they are sent, each entry once', async () => {
  const migration = await followed();
  const heard: unknown[] = [];
  migration.subscribe({
    onEntry: ({ sequence }) => heard.push(sequence),
    onSample: ({ atMonoMs }) => heard.push(atMonoMs),
  });
  const [again, next] = [entries.at(-1), { ...entries[0], sequence: entries.length }];
  say({ kind: 'entry', entry: again });
  say({ kind: 'sample', sample: sampleAt(1, 1) });
  say({ kind: 'entry', entry: next });
  while (heard.length < 2) await sleep(5);
  migration.detach();
  await migration.ended;
  expect(heard).toEqual([sampleAt(1, 1).atMonoMs, entries.length]);
});

test('a manager that is not there is reported with what to do', async () => {
  stop();
  await sleep(20);
  await expect(follow(exampleId, join(folder, 'gone.sock'), () => Promise.resolve(entries))).rejects.toThrow(
    'does not answer',
  );
});
