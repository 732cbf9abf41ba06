import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '#main/engine/peer-verdict.ts';
import { send } from '#native/socket.ts';
import { readConnectionEnds } from './connection-ends.ts';
import { LocalHost } from './local-host.ts';
import { namespacePlace, type NetworkPlace } from './network-place.ts';
import { connectFrom } from './own-sockets/connect.ts';
import { listenAt } from './own-sockets/listener.ts';

const isRoot = process.geteuid?.() === 0 && spawnSync('ip', ['-V']).status === 0;
if (!isRoot) process.stderr.write('skipped: connections in a namespace of their own, because that takes root and ip\n');

const name = `sy-${process.pid}-ends`;
const ip = (...words: readonly string[]): void => void spawnSync('ip', [...words]);

describe.skipIf(!isRoot)('both ends of a connection, by the tables of the kernel', () => {
  let place: NetworkPlace;
  beforeAll(() => {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('-n', name, 'address', 'add', '192.0.2.7/32', 'dev', 'lo');
    place = namespacePlace(name);
  });
  afterAll(() => ip('netns', 'delete', name));

  test.each([
    [true, 'sequence'],
    [false, 'addresses'],
  ] as const)('are found to be one, with MPTCP %s', async (mptcp, proof) => {
    const from = '127.0.0.2';
    using listener = listenAt(place, { host: '127.0.0.1', port: 0, mptcp, tuning: undefined }, () => undefined);
    using near = await connectFrom(
      place,
      { from, to: { address: '127.0.0.1', port: listener.port }, mptcp, tuning: undefined },
      (local) => listener.expect(local),
    );
    using far = await listener.accept(near.local);
    send(near.descriptor, Buffer.alloc(10_000));
    const ends = async (port: { localPort: number } | { remotePort: number }) =>
      readConnectionEnds(place, process.pid, port);
    const source = await ends({ remotePort: listener.port });
    const destination = await ends({ localPort: listener.port });
    const sourceAfter = await ends({ remotePort: listener.port });
    expect(judge({ source, destination, sourceAfter }, 1, undefined).proof).toBe(proof);
    const ours = { source: [await near.end()], destination, sourceAfter: [await near.end()] };
    expect([judge(ours, 1, undefined).proof, far.local.port]).toEqual([proof, listener.port]);
  });

  test('are none of a process that holds no socket there, and of none that has gone', async () => {
    using listener = listenAt(place, { host: '127.0.0.1', port: 0, mptcp: true, tuning: undefined }, () => undefined);
    const to = { address: '127.0.0.1', port: listener.port };
    using near = await connectFrom(place, { from: '127.0.0.2', to, mptcp: true, tuning: undefined }, (local) =>
      listener.expect(local),
    );
    using far = await listener.accept(near.local);
    const init = await readConnectionEnds(place, 1, { localPort: far.local.port });
    const host = new LocalHost(name, { runtimeDirectory: '/run/nowhere' }, place);
    const past = { uuid: '', pid: process.pid, startTimeTicks: 1, bootId: 'another' };
    expect([init, await host.connectionEnds(past, { localPort: far.local.port })]).toEqual([[], []]);
  });

  test('an address of a host is its own, and that of another is not', async () => {
    const host = new LocalHost(name, { runtimeDirectory: '/run/nowhere' }, place);
    expect([await host.hasAddress('192.0.2.7'), await host.hasAddress('192.0.2.8')]).toEqual([true, false]);
  });
});
