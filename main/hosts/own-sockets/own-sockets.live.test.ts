import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OwnedConnectionOrder, OwnedListenerOrder, SocketName } from '#main/engine/ports.ts';
import { namespacePlace, type NetworkPlace } from '#main/hosts/network-place.ts';
import type { Fd } from '#native/fd.ts';
import { getSocketOption } from '#native/socket-options.ts';
import { connect, openSocket } from '#native/socket.ts';
import { waitUntilReady } from '#native/readiness.ts';
import { connectFrom } from './connect.ts';
import { descriptorOf } from './connected-socket.ts';
import { listenAt as listen, type Listener } from './listener.ts';

const isRoot = process.geteuid?.() === 0 && spawnSync('ip', ['-V']).status === 0;
if (!isRoot) process.stderr.write('skipped: sockets of our own in a namespace, because that takes root and ip\n');

const name = `sy-${process.pid}-sock`;
let place: NetworkPlace;
let strangers: SocketName[] = [];

const listenAt = (where: NetworkPlace, order: OwnedListenerOrder): Listener =>
  listen(where, order, (stranger) => void strangers.push(stranger));

const anywhere: OwnedListenerOrder = { host: '127.0.0.1', port: 0, mptcp: true, tuning: undefined };

function connectTo(to: number | Listener, order: Partial<OwnedConnectionOrder> = {}) {
  const [port, listener] = typeof to === 'number' ? [to, undefined] : [to.port, to];
  return connectFrom(
    place,
    { from: '127.0.0.2', to: { address: '127.0.0.1', port }, mptcp: true, tuning: undefined, ...order },
    listener && ((local) => listener.expect(local)),
  );
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function lines(command: string, ...args: readonly string[]): string[] {
  const { stdout } = spawnSync('ip', ['netns', 'exec', name, command, ...args], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}

/** A process that connects to a port from two addresses as fast as it can, of which one is that of the peer. */
class Flood implements Disposable {
  readonly hasBegun: Promise<unknown>;
  readonly #child: ChildProcess;

  constructor(port: number) {
    const program = `
      const net = require('node:net');
      let begun = 0;
      const call = (localAddress) => {
        const socket = net.connect({ port: ${port}, host: '127.0.0.1', localAddress });
        socket.on('error', () => undefined);
        socket.on('close', () => setImmediate(call, localAddress));
        if (++begun === 200) console.log('begun');
      };
      for (let i = 0; i < 100; i++) call(i % 2 ? '127.0.0.2' : '127.0.0.3');`;
    const command = ['netns', 'exec', name, process.execPath, '-e', program];
    this.#child = spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.hasBegun = once(this.#child.stdout ?? this.#child, 'data');
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
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
    using near = await connectTo(listener);
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
    using near = await connectTo(listener);
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
      using near = await connectTo(listener);
      expect([listener.mptcp, await near.connection()]).toMatchObject([false, { protocol: 'tcp', fallback: false }]);
    } finally {
      ip('netns', 'exec', name, 'sysctl', '-qw', 'net.mptcp.enabled=1');
    }
  });

  test('are tuned as asked, both ends as far as it concerns them', async () => {
    const tuning = { congestionControl: 'reno', bufferBytes: 65_536, mark: 7 };
    using listener = listenAt(place, { ...anywhere, tuning });
    using near = await connectTo(listener, { tuning });
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
    await expect(connectTo(listener, { tuning: { congestionControl: 'nosuch' } })).rejects.toThrow(
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

  describe.each(['tcp', 'mptcp'] as const)('strangers over %s', (protocol) => {
    test('are hung up on and reported, whether they come before the peer, with it or after it', async () => {
      strangers = [];
      using listener = listenAt(place, anywhere);
      using all = new DisposableStack();
      const calls = async (count: number): Promise<Fd[]> => {
        const sockets = Array.from({ length: count }, () => all.use(place.run(() => openSocket('ipv4', protocol))));
        const target = { family: 'ipv4', address: '127.0.0.1', port: listener.port } as const;
        // Where the one who is called hangs up at once, connecting may fail with it.
        await Promise.all(sockets.map((fd) => connect(fd, target, { timeoutMs: 2000 }).catch(() => undefined)));
        return sockets;
      };
      const early = await calls(65);
      const [near, during] = await Promise.all([connectTo(listener), calls(65)]);
      using source = near;
      using far = await listener.accept(source.local);
      const late = await calls(65);
      const hungUp = await Promise.all(
        [...early, ...during, ...late].map((fd) => waitUntilReady(fd, 'readable', { timeoutMs: 2000 })),
      );
      expect({
        hungUp: hungUp.filter(Boolean).length,
        reported: new Set(strangers.map(({ port }) => port)).size,
        end: (await far.connection()).protocol,
        left: lines('ss', '-HtanM', 'sport', '=', `:${listener.port}`).filter((line) => !/LISTEN|ESTAB/.test(line)),
      }).toEqual({ hungUp: 195, reported: 195, end: 'mptcp', left: [] });
    });
  });

  test('the peer is found in a flood, on its own address as well', { timeout: 30_000 }, async () => {
    using listener = listenAt(place, anywhere);
    using flood = new Flood(listener.port);
    await flood.hasBegun;
    const found: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      using near = await connectTo(listener);
      using far = await listener.accept(near.local);
      found.push((await far.connection()).protocol);
    }
    expect(found).toEqual(['mptcp', 'mptcp', 'mptcp', 'mptcp', 'mptcp']);
  });

  test('a peer that does not come is reported', { timeout: 10_000 }, async () => {
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
      using near = await connectTo(listener);
      (await listener.accept(near.local))[Symbol.dispose]();
      await connectTo(9).catch(() => undefined);
      expect(() => listenAt(place, { ...anywhere, port: listener.port })).toThrow(/EADDRINUSE/);
    }
    expect(openDescriptors()).toBe(before);
  });
});
