import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkMonitorPath, socketPathProblem } from './monitor-path.ts';
import { faultOf } from './testing/fault-of.ts';

const directory = mkdtempSync(join(tmpdir(), 'sy-path-'));
const socketPath = join(directory, 'qmp.sock');
const server = createServer();

beforeAll(async () => {
  server.listen(socketPath);
  await once(server, 'listening');
  symlinkSync(socketPath, join(directory, 'link'));
  writeFileSync(join(directory, 'file'), '');
});

afterAll(async () => {
  server.close();
  await once(server, 'close');
  rmSync(directory, { recursive: true });
});

test.each([
  ['qmp.sock', 'it is not an absolute path'],
  ['/run/a\nb', 'it holds control characters'],
  ['/run/../etc/qmp', 'it is not in its plain form, /etc/qmp'],
  [`/${'é'.repeat(54)}`, 'it is 109 bytes long and a unix socket path holds 107'],
])('the path %j is refused', (path, problem) => {
  expect(socketPathProblem(path)).toBe(problem);
});

test('a path of 107 bytes is the longest that passes', () => {
  expect([106, 107].map((letters) => socketPathProblem(`/${'x'.repeat(letters)}`) === undefined)).toEqual([
    true,
    false,
  ]);
});

test('a socket of our own passes', async () => {
  await expect(checkMonitorPath('guest', socketPath)).resolves.toBeUndefined();
});

test.each([
  ['link', 'it is a symbolic link'],
  ['file', 'it is not a socket'],
])('a %s is refused', async (name, reason) => {
  await expect(faultOf(checkMonitorPath('guest', join(directory, name)))).resolves.toEqual({
    kind: 'unsafe-path',
    path: join(directory, name),
    reason,
  });
});

test('a socket of a stranger is refused', async () => {
  const uid = process.geteuid?.() ?? 0;
  await expect(
    faultOf(checkMonitorPath('guest', socketPath, { ownerUids: [uid + 1, uid + 2] })),
  ).resolves.toMatchObject({
    kind: 'unsafe-path',
    reason: `it belongs to user ${uid}, who is neither of the expected ones (${uid + 1}, ${uid + 2})`,
  });
});

test('where nothing is, nothing is reached', async () => {
  await expect(faultOf(checkMonitorPath('guest', join(directory, 'none')))).resolves.toMatchObject({
    kind: 'unreachable',
    code: 'ENOENT',
  });
});
