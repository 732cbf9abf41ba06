import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { QmpClient } from './client.ts';
import { QmpError } from './fault.ts';

// A QEMU's monitor is in the hands of its user: whatever it sends, other work of this process continues.

let folder: string;
let server: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sy-hostile-'));
});
afterEach(() => {
  server?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

async function connected(way: string): Promise<QmpClient> {
  const path = join(folder, 'qmp.sock');
  const program = join(import.meta.dirname, 'testing', 'hostile-monitor.ts');
  server = spawn(process.execPath, [program, path, way], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (server.stdout) await once(server.stdout, 'data');
  return QmpClient.connect({ path }, { commandTimeoutMs: 500 });
}

test.each(['endless answer', 'endless brackets', 'half a line', 'half a line, then a reset'])(
  '%s: the session ends',
  async (way) => {
    const client = await connected(way);
    const answer = client.execute('query-status').catch((error: unknown) => error instanceof QmpError);
    expect([await answer, (await client.closed).kind]).toEqual([true, expect.any(String)]);
  },
);

test.each(['endless events', 'expensive answers'])('%s: most of this process is left to others', async (way) => {
  const client = await connected(way);
  void client.execute('query-status').catch(() => undefined);
  await sleep(300);
  const [before, began] = [process.threadCpuUsage(), performance.now()];
  await sleep(1500);
  const { user, system } = process.threadCpuUsage(before);
  const share = (user + system) / 1000 / (performance.now() - began);
  const memory = process.memoryUsage().rss;
  await client.close();
  // Without the pace it is all of a processor; how much fetching costs beside it depends on the machine.
  expect([share < 0.7, memory < 1 << 30]).toEqual([true, true]);
});
