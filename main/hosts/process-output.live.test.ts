import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readProcessOutput } from './process-output.ts';

let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'switchyard-output-'))));
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function start(stderr: 'pipe' | number): Promise<number> {
  const stdio: StdioOptions = ['ignore', 'ignore', stderr];
  const started = spawn('sleep', ['60'], { stdio });
  child = started;
  await once(started, 'spawn');
  return started.pid ?? 0;
}

test('the last lines of a file are read, and no more than 64 KiB of them', async () => {
  const path = join(folder, 'out');
  writeFileSync(path, `first ${'x'.repeat(70_000)} last`);
  const descriptor = openSync(path, 'a');
  const output = readProcessOutput(await start(descriptor));
  closeSync(descriptor);
  expect([output.length, output.includes('first'), output.endsWith('last')]).toEqual([65_536, false, true]);
});

test('a file that the process only names or reads is not read for it', async () => {
  const path = join(folder, 'secret');
  writeFileSync(path, 'S3CRET');
  const pathOnly = 0o10000000;
  const outputs: string[] = [];
  for (const flags of [pathOnly, constants.O_RDONLY]) {
    const descriptor = openSync(path, flags);
    outputs.push(readProcessOutput(await start(descriptor)));
    closeSync(descriptor);
    child?.kill('SIGKILL');
  }
  const refusal = 'its output does not go to a file that it writes';
  expect(outputs).toEqual([refusal, refusal]);
});

test('output that goes elsewhere is named', async () => {
  expect(readProcessOutput(await start('pipe'))).toBe('its output does not go to a file');
});

test('a process that is gone has no output', () => {
  expect(readProcessOutput(2 ** 22 + 1)).toMatch(/^its output cannot be read: ENOENT/);
});
