import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { HeartbeatLedger, HeartbeatWatch } from './heartbeat.ts';

test('the longest silence is found over both ports', () => {
  const ledger = new HeartbeatLedger();
  for (const atMs of [0, 10, 20]) ledger.note('source', 'B', atMs);
  for (const atMs of [340, 350]) ledger.note('destination', 'B', atMs);
  expect(ledger.report()).toEqual({ longestGapMs: 320, longestGapEndedAtMonoMs: 340, beats: 5, boots: [] });
});

test('beats that were read together are no silence', () => {
  const ledger = new HeartbeatLedger();
  ledger.note('source', 'BBB', 10);
  expect(ledger.report()).toMatchObject({ longestGapMs: 0, beats: 3 });
});

test('a guest that boots again is reported with its port', () => {
  const ledger = new HeartbeatLedger();
  ledger.note('destination', 'AB', 10);
  expect(ledger.report()).toMatchObject({ boots: ['destination'] });
});

test('files are heard as they grow, from where they were', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-heartbeat-'));
  const [source, destination] = [join(directory, 'source'), join(directory, 'destination')];
  await writeFile(source, 'ABBB');
  await writeFile(destination, '');
  await using watch = new HeartbeatWatch();
  await watch.add(source);
  await watch.add(destination, { fromStart: true });
  await appendFile(source, 'B');
  await sleep(30);
  await appendFile(destination, 'BB');
  await expect.poll(() => watch.report()).toMatchObject({ beats: 3, boots: [] });
  expect(watch.report().longestGapMs).toBeGreaterThan(20);
  await rm(directory, { recursive: true });
});
