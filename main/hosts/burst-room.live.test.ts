import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { QemuIdentity } from '#contract/host.ts';
import { getSocketOption } from '#native/socket-options.ts';
import { openSocket } from '#native/socket.ts';
import { makeRoom, makeRoomAtListener } from './burst-room.ts';
import { ownPlace } from './network-place.ts';
import { readBootId } from './process/identity.ts';
import { readProcessStat } from './process/process-table.ts';

const hasSs = spawnSync('ss', ['-V']).status === 0;
if (!hasSs) process.stderr.write('skipped: the room of a listener, because there is no ss\n');

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

/** A process that listens on loopback and reads nothing. */
async function listener(): Promise<{ readonly identity: QemuIdentity; readonly port: number }> {
  const program = `const s = require('node:net').createServer((c) => c.pause()); s.listen(0, '127.0.0.1', () => console.log(s.address().port));`;
  child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line]: unknown[] = await once(child.stdout ?? child, 'data');
  const pid = child.pid ?? 0;
  const startTimeTicks = readProcessStat(pid)?.startTimeTicks ?? 0;
  return { identity: { uuid: 'none', pid, startTimeTicks, bootId: readBootId() }, port: Number(String(line)) };
}

/** The receive buffer of the connection that was accepted there, as ss shows it. */
async function roomOfConnection(port: number): Promise<number> {
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  const { stdout } = spawnSync('ss', ['-Htnm', 'state', 'established', `sport = :${port}`], { encoding: 'utf8' });
  client.destroy();
  return Number(/\brb(\d+)/.exec(stdout)?.[1]);
}

test.skipIf(!hasSs)('a connection inherits the room of its listener, which was made from outside', async () => {
  const { identity, port } = await listener();
  const before = await roomOfConnection(port);
  await makeRoomAtListener(ownPlace, identity, port);
  const after = await roomOfConnection(port);
  expect([before < 4 * 2 ** 20, after >= 4 * 2 ** 20]).toEqual([true, true]);
});

test.skipIf(!hasSs)('another process with that pid is left alone', async () => {
  const { identity, port } = await listener();
  await makeRoomAtListener(ownPlace, { ...identity, startTimeTicks: identity.startTimeTicks + 1 }, port);
  expect((await roomOfConnection(port)) < 4 * 2 ** 20).toBe(true);
});

test.each(['tcp', 'mptcp'] as const)('a %s socket with room is readable from its first byte, as before', (protocol) => {
  using socket = openSocket('ipv4', protocol);
  makeRoom(socket);
  const room = getSocketOption(socket, 'receiveBufferBytes');
  expect([room >= 4 * 2 ** 20, getSocketOption(socket, 'receiveLowWaterBytes')]).toEqual([true, 1]);
});
