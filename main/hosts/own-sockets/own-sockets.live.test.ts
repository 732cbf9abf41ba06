import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OwnedConnectionOrder, OwnedListenerOrder } from '#main/engine/ports.ts';
import { namespacePlace, type NetworkPlace } from '#main/hosts/network-place.ts';
import { getSocketOption } from '#native/socket-options.ts';
import { connect, openSocket } from '#native/socket.ts';
import { waitUntilReady } from '#native/readiness.ts';
import { connectFrom } from './connect.ts';
import { descriptorOf } from './connected-socket.ts';
import { listenAt } from './listener.ts';

const isRoot = process.geteuid?.() === 0 && spawnSync('ip', ['-V']).status === 0;
if (!isRoot) process.stderr.write('skipped: sockets of our own in a namespace, because that takes root and ip\n');

const name = `sy-${process.pid}-sock`;
let place: NetworkPlace;

const anywhere: OwnedListenerOrder = { host: '127.0.0.1', port: 0, mptcp: true, tuning: undefined };

function connectTo(port: number, order: Partial<OwnedConnectionOrder> = {}) {
  return connectFrom(place, {
    from: '127.0.0.2',
    to: { address: '127.0.0.1', port },
    mptcp: true,
    tuning: undefined,
    ...order,
  });
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe.skipIf(!isRoot)('sockets of our own', () => {
  beforeAll(() => {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
    place = namespacePlace(name);
  });
  afterAll(() => {
    ip('netns', 'del', name);
  });

  test('are of their namespace, from the address that was asked for, and Multipath TCP at both ends', async () => {
    using listener = listenAt(place, anywhere);
    using near = await connectTo(listener.port);
    using far = await listener.accept(near.local);
    const [nearEnd, farEnd] = [await near.connection(), await far.connection()];
    expect({
      from: near.local.address,
      near: nearEnd.protocol,
      far: farEnd.protocol,
      isNamedAsSsDoes: /^[0-9a-f]{8}$/.test(nearEnd.id),
    }).toEqual({ from: '127.0.0.2', near: 'mptcp', far: 'mptcp', isNamedAsSsDoes: true });
  });

  test('show a fallback at both ends', async () => {
    using listener = listenAt(place, { ...anywhere, mptcp: false });
    using near = await connectTo(listener.port);
    using far = await listener.accept(near.local);
    expect([await near.connection(), await far.connection()]).toMatchObject([
      { protocol: 'tcp', fallback: true },
      { protocol: 'tcp', fallback: false },
    ]);
  });

  test('are plain TCP where the kernel refuses anything else', async () => {
    ip('netns', 'exec', name, 'sysctl', '-qw', 'net.mptcp.enabled=0');
    try {
      using listener = listenAt(place, anywhere);
      using near = await connectTo(listener.port);
      expect([listener.mptcp, await near.connection()]).toMatchObject([false, { protocol: 'tcp', fallback: false }]);
    } finally {
      ip('netns', 'exec', name, 'sysctl', '-qw', 'net.mptcp.enabled=1');
    }
  });

  test('are tuned as asked, both ends as far as it concerns them', async () => {
    const tuning = { congestionControl: 'reno', bufferBytes: 65_536, mark: 7 };
    using listener = listenAt(place, { ...anywhere, tuning });
    using near = await connectTo(listener.port, { tuning });
    using far = await listener.accept(near.local);
    expect({
      congestionControl: getSocketOption(near.descriptor, 'congestionControl'),
      // Reading gives twice what was set.
      sendBufferBytes: getSocketOption(near.descriptor, 'sendBufferBytes'),
      receiveBufferBytes: getSocketOption(descriptorOf(far), 'receiveBufferBytes'),
      marks: [near.descriptor, descriptorOf(far)].map((end) => getSocketOption(end, 'mark')),
    }).toEqual({
      congestionControl: 'reno',
      sendBufferBytes: 131_072,
      receiveBufferBytes: 131_072,
      marks: [7, 7],
    });
  });

  test('name a congestion control that the kernel does not have', async () => {
    using listener = listenAt(place, anywhere);
    await expect(connectTo(listener.port, { tuning: { congestionControl: 'nosuch' } })).rejects.toThrow(
      /set TCP_CONGESTION to nosuch/,
    );
  });

  test('listen on the first free port of a range', () => {
    using first = listenAt(place, anywhere);
    using second = listenAt(place, { ...anywhere, port: first.port, lastPort: first.port + 20 });
    expect(second.port).toBeGreaterThan(first.port);
  });

  test('say that a port is taken', () => {
    using first = listenAt(place, anywhere);
    expect(() => listenAt(place, { ...anywhere, port: first.port })).toThrow(/EADDRINUSE/);
  });

  test('a stranger who was first is hung up on, and so is one who comes later', async () => {
    using listener = listenAt(place, anywhere);
    using early = place.run(() => openSocket('ipv4', 'tcp'));
    const target = { family: 'ipv4', address: '127.0.0.1', port: listener.port } as const;
    await connect(early, target, { timeoutMs: 1000 });
    using near = await connectTo(listener.port);
    using far = await listener.accept(near.local);
    using late = place.run(() => openSocket('ipv4', 'tcp'));
    await connect(late, target, { timeoutMs: 1000 });
    const hungUp = await Promise.all(
      [early, late].map((stranger) => waitUntilReady(stranger, 'readable', { timeoutMs: 1000 })),
    );
    expect([hungUp, (await far.connection()).protocol]).toEqual([[true, true], 'mptcp']);
  });

  test('a peer that does not come is told', { timeout: 10_000 }, async () => {
    using listener = listenAt(place, anywhere);
    await expect(listener.accept({ address: '127.0.0.9', port: 9 })).rejects.toThrow(/no connection from there/);
  });

  test('nothing listens there: refused', async () => {
    await expect(connectTo(9)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('leave nothing open, whatever became of them', async () => {
    const before = openDescriptors();
    for (let round = 0; round < 20; round += 1) {
      using listener = listenAt(place, anywhere);
      using near = await connectTo(listener.port);
      (await listener.accept(near.local))[Symbol.dispose]();
      await connectTo(9).catch(() => undefined);
      expect(() => listenAt(place, { ...anywhere, port: listener.port })).toThrow(/EADDRINUSE/);
    }
    expect(openDescriptors()).toBe(before);
  });
});
