import { openSync } from 'node:fs';
import { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { Fd } from './fd.ts';
import { connectPair } from './fixtures/connected-pair.ts';
import { countOpenDescriptors } from './fixtures/open-descriptors.ts';
import { nativeAvailability } from './libc.ts';
import { blockUntilReady, waitUntilReady, watchReadiness } from './readiness.ts';
import { receive, send } from './socket.ts';

describe.skipIf(!nativeAvailability().available)('waiting for a descriptor (needs Linux)', () => {
  test('a socket with data is readable, one without is not within the time', async () => {
    using pair = await connectPair('ipv4', 'tcp', 'tcp');
    const empty = await waitUntilReady(pair.server, 'readable', { timeoutMs: 20 });
    send(pair.client, Buffer.from('x'));
    expect([empty, await waitUntilReady(pair.server, 'readable', { timeoutMs: 5000 })]).toEqual([false, true]);
  });

  test('the blocking form returns the same', async () => {
    using pair = await connectPair('ipv4', 'tcp', 'tcp');
    const empty = blockUntilReady(pair.server.number, 'readable', 20);
    send(pair.client, Buffer.from('x'));
    expect([empty, blockUntilReady(pair.server.number, 'readable', 5000)]).toEqual([false, true]);
  });

  test('many waits leave the pool threads to others', async () => {
    using pair = await connectPair('ipv4', 'tcp', 'tcp');
    const waits = Array.from({ length: 16 }, () => waitUntilReady(pair.server, 'readable', { timeoutMs: 5000 }));
    const { stat } = await import('node:fs/promises');
    await stat('/');
    send(pair.client, Buffer.from('x'));
    expect(new Set(await Promise.all(waits))).toEqual(new Set([true]));
  });

  test('a wait that is called off rejects with the reason', async () => {
    using pair = await connectPair('ipv4', 'tcp', 'tcp');
    const reason = new Error('cancelled');
    const controller = new AbortController();
    const wait = waitUntilReady(pair.server, 'readable', { timeoutMs: 5000, signal: controller.signal });
    controller.abort(reason);
    await expect(wait).rejects.toBe(reason);
  });

  test('a watch calls back until everything is read, then falls silent', async () => {
    using pair = await connectPair('ipv4', 'tcp', 'tcp');
    const chunks: string[] = [];
    using watch = watchReadiness(pair.server, 'readable', () => {
      chunks.push(receive(pair.server, 2)?.toString() ?? 'nothing');
    });
    expect(watch).toBeDefined();
    send(pair.client, Buffer.from('abcdef'));
    await vi.waitFor(() => expect(chunks.join('')).toBe('abcdef'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(chunks).toEqual(['ab', 'cd', 'ef']);
  });

  test('a watch that was disposed calls no more, not even for what had come already', async () => {
    using pair = await connectPair('ipv4', 'tcp', 'tcp');
    let calls = 0;
    const watch = watchReadiness(pair.server, 'readable', () => {
      calls += 1;
      watch[Symbol.dispose]();
    });
    send(pair.client, Buffer.from('x'));
    await vi.waitFor(() => expect(calls).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toBe(1);
  });

  test('a file is refused, where libuv would end the process', () => {
    using file = new Fd(openSync(import.meta.filename, 'r'));
    const before = countOpenDescriptors();
    expect(() => watchReadiness(file, 'readable', () => {})).toThrow('cannot be watched');
    expect(countOpenDescriptors()).toBe(before);
  });

  test('a socket that Node watches as well is no obstacle', async () => {
    using pair = await connectPair('ipv4', 'tcp', 'tcp');
    const nodeSocket = new Socket({ fd: pair.server.number, readable: true });
    nodeSocket.resume();
    expect(await waitUntilReady(pair.server, 'writable', { timeoutMs: 5000 })).toBe(true);
    pair.server.release();
    nodeSocket.destroy();
  });

  test('waits leave no descriptor open', async () => {
    using pair = await connectPair('ipv4', 'tcp', 'tcp');
    const before = countOpenDescriptors();
    for (let round = 0; round < 200; round += 1) await waitUntilReady(pair.client, 'writable', { timeoutMs: 1000 });
    await waitUntilReady(pair.client, 'readable', { timeoutMs: 1 });
    expect(countOpenDescriptors()).toBe(before);
  });
});
