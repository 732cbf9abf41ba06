import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectPair, listenOnLoopback } from './fixtures/connected-pair.ts';
import { countOpenDescriptors } from './fixtures/open-descriptors.ts';
import { nativeAvailability } from './libc.ts';
import { waitUntilReady } from './readiness.ts';
import {
  accept,
  bind,
  connect,
  connectBlocking,
  discard,
  listen,
  localAddress,
  openSocket,
  peerAddress,
  receive,
  send,
  shutdown,
} from './socket.ts';
import { getSocketOption, setSocketOption } from './socket-options.ts';

const soon = { timeoutMs: 5000 };

describe.skipIf(!nativeAvailability().available)('sockets (need Linux)', () => {
  test.each(['ipv4', 'ipv6'] as const)('%s: bytes go across and the end is seen', async (family) => {
    using pair = await connectPair(family, 'tcp', 'tcp');
    const before = receive(pair.server, 100);
    send(pair.client, Buffer.from('hello'));
    await waitUntilReady(pair.server, 'readable', soon);
    const data = receive(pair.server, 100);
    shutdown(pair.client, 'writing');
    await waitUntilReady(pair.server, 'readable', soon);
    expect([before, data?.toString(), receive(pair.server, 100)?.length]).toEqual([undefined, 'hello', 0]);
  });

  test.each(['tcp', 'mptcp'] as const)('%s: what is thrown away is counted, and makes room', async (protocol) => {
    using pair = await connectPair('ipv4', protocol, protocol);
    const scratch = Buffer.alloc(3);
    const before = discard(pair.server, scratch);
    send(pair.client, Buffer.from('hello'));
    await waitUntilReady(pair.server, 'readable', soon);
    const thrown = [discard(pair.server, scratch), discard(pair.server, scratch)];
    shutdown(pair.client, 'writing');
    await waitUntilReady(pair.server, 'readable', soon);
    expect([before, thrown, discard(pair.server, scratch)]).toEqual([undefined, [3, 2], 0]);
  });

  test('each end knows both addresses', async () => {
    using pair = await connectPair('ipv6', 'tcp', 'tcp');
    expect([localAddress(pair.client), peerAddress(pair.client)]).toEqual([
      peerAddress(pair.server),
      localAddress(pair.server),
    ]);
  });

  test('no waiting client is no error', () => {
    using listener = listenOnLoopback('ipv4', 'tcp').fd;
    expect(accept(listener)).toBeUndefined();
  });

  test('a refused connection says where to, both ways of connecting', async () => {
    const { fd: listener, address } = listenOnLoopback('ipv4', 'tcp');
    listener[Symbol.dispose]();
    using first = openSocket('ipv4', 'tcp');
    using second = openSocket('ipv4', 'tcp');
    const port = 'port' in address ? address.port : 0;
    const text = `Could not connect to 127.0.0.1:${port}: connection refused (connect: ECONNREFUSED).`;
    await expect(connect(first, address, soon)).rejects.toThrow(text);
    expect(() => connectBlocking(second, address, 1000)).toThrow(text);
  });

  describe('towards a peer that does not answer', () => {
    // A listener whose queue is full drops further SYNs: tcp_v4_conn_request, net/ipv4/tcp_ipv4.c.
    const fillQueue = async (): Promise<{ address: ReturnType<typeof listenOnLoopback>['address'] } & Disposable> => {
      const listener = openSocket('ipv4', 'tcp');
      bind(listener, { family: 'ipv4', address: '127.0.0.1', port: 0 });
      listen(listener, 0);
      const address = localAddress(listener);
      if (address === undefined) throw new Error('The listener has no address.');
      const clients = [openSocket('ipv4', 'tcp'), openSocket('ipv4', 'tcp')];
      for (const client of clients) await connect(client, address, { timeoutMs: 100 }).catch(() => {});
      return {
        address,
        [Symbol.dispose]: () => {
          for (const fd of [listener, ...clients]) fd[Symbol.dispose]();
        },
      };
    };

    test('connecting ends after the time given', async () => {
      using silent = await fillQueue();
      using first = openSocket('ipv4', 'tcp');
      using second = openSocket('ipv4', 'tcp');
      await expect(connect(first, silent.address, { timeoutMs: 50 })).rejects.toThrow('connect: ETIMEDOUT');
      expect(() => connectBlocking(second, silent.address, 50)).toThrow('connect: ETIMEDOUT');
    });

    test('connecting ends when the caller gives up', async () => {
      using silent = await fillQueue();
      using client = openSocket('ipv4', 'tcp');
      const controller = new AbortController();
      const attempt = connect(client, silent.address, { ...soon, signal: controller.signal });
      const reason = new Error('cancelled');
      controller.abort(reason);
      await expect(attempt).rejects.toBe(reason);
    });
  });

  test('a port that is taken is reported', () => {
    const { fd: listener, address } = listenOnLoopback('ipv4', 'tcp');
    using first = listener;
    using second = openSocket('ipv4', 'tcp');
    expect(first.isOpen).toBe(true);
    expect(() => bind(second, address)).toThrow('address already in use (bind: EADDRINUSE)');
  });

  test.each([
    ['sendBufferBytes', 65_536, 131_072],
    ['receiveBufferBytes', 65_536, 131_072],
    ['noDelay', true, true],
    ['keepAlive', true, true],
    ['keepAliveIdleSeconds', 7, 7],
    ['unsentLowWaterBytes', 16_384, 16_384],
    ['congestionControl', 'cubic', 'cubic'],
    ['boundInterface', 'lo', 'lo'],
  ] as const)('the option %s is set to %s and read as %s', (option, value, read) => {
    using socket = openSocket('ipv4', 'mptcp');
    setSocketOption(socket, option, value);
    expect(getSocketOption(socket, option)).toBe(read);
  });

  test('an option that the kernel refuses is reported by its name and value', () => {
    using socket = openSocket('ipv4', 'tcp');
    expect(() => setSocketOption(socket, 'congestionControl', 'no-such')).toThrow(
      'Could not set TCP_CONGESTION to no-such: no such file or directory (setsockopt: ENOENT).',
    );
  });

  test('ten thousand sockets, half of them failing, leave no descriptor open', () => {
    const { fd: listener, address } = listenOnLoopback('ipv4', 'mptcp');
    using _ = listener;
    const before = countOpenDescriptors();
    for (let round = 0; round < 5000; round += 1) {
      using taken = openSocket('ipv4', 'mptcp');
      using free = openSocket('ipv4', 'mptcp');
      expect(() => bind(taken, address)).toThrow('EADDRINUSE');
      setSocketOption(free, 'noDelay', true);
    }
    expect(countOpenDescriptors()).toBe(before);
  });

  test('a thousand connections, accepted and awaited, leave no descriptor open', async () => {
    const before = countOpenDescriptors();
    for (let round = 0; round < 1000; round += 1) {
      using pair = await connectPair('ipv4', 'tcp', 'tcp');
      expect(pair.client.isOpen).toBe(true);
    }
    expect(countOpenDescriptors()).toBe(before);
  });

  describe('unix', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), `sy-${process.pid}-`));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    test.each([
      ['a path', () => ({ family: 'unix', path: join(folder, 'socket') }) as const],
      ['an abstract name', () => ({ family: 'unix-abstract', name: `sy-${process.pid}` }) as const],
    ])('%s can be listened on and connected to', async (_, makeAddress) => {
      const address = makeAddress();
      using listener = openSocket('unix');
      bind(listener, address);
      listen(listener, 1);
      using client = openSocket('unix');
      await connect(client, address, soon);
      expect([localAddress(listener), peerAddress(client)]).toEqual([address, address]);
    });
  });
});
