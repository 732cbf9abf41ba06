import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectPair } from './fixtures/connected-pair.ts';
import { isMptcp } from './is-mptcp.ts';
import { nativeAvailability } from './libc.ts';
import { readMptcpFullInfo } from './mptcp-full-info.ts';
import { duplicateDescriptorOf, openProcess, signalProcess } from './pidfd.ts';
import { waitUntilReady } from './readiness.ts';
import { localAddress } from './socket.ts';

describe.skipIf(!nativeAvailability().available)('another process (needs Linux)', () => {
  let child: ChildProcess;
  beforeEach(() => {
    child = spawn('sleep', ['60']);
  });
  afterEach(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const pid = (): number => child.pid ?? -1;

  test('its end is seen without waiting for it as a parent', async () => {
    using process = openProcess(pid());
    const early = await waitUntilReady(process, 'readable', { timeoutMs: 10 });
    child.kill('SIGKILL');
    expect([early, await waitUntilReady(process, 'readable', { timeoutMs: 5000 })]).toEqual([false, true]);
  });

  test('a descriptor of it can be copied', () => {
    using process = openProcess(pid());
    using copy = duplicateDescriptorOf(process, 0);
    expect(readlinkSync(`/proc/self/fd/${copy.number}`)).toBe(readlinkSync(`/proc/${pid()}/fd/0`));
  });

  test('a descriptor that it does not have is reported', () => {
    using process = openProcess(pid());
    expect(() => duplicateDescriptorOf(process, 999)).toThrow('bad file descriptor (pidfd_getfd: EBADF)');
  });

  test('a signal reaches it, and no process after it', async () => {
    const ended = once(child, 'exit');
    using process = openProcess(pid());
    signalProcess(process, constants.signals.SIGKILL);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(() => signalProcess(process, constants.signals.SIGKILL)).toThrow('pidfd_send_signal: ESRCH');
  });

  test('a pid that does not exist is reported', () => {
    const unused = Math.max(...readdirSync('/proc').map(Number).filter(Number.isInteger)) + 10_000;
    expect(() => openProcess(unused)).toThrow('pidfd_open: ESRCH');
  });
});

test.skipIf(!nativeAvailability().available)('a copied MPTCP socket reports its connection (needs Linux)', async () => {
  using pair = await connectPair('ipv4', 'mptcp', 'mptcp');
  using self = openProcess(process.pid);
  using copy = duplicateDescriptorOf(self, pair.client.number);
  expect([isMptcp(copy), readMptcpFullInfo(copy)?.subflows[0]?.local]).toEqual([true, localAddress(pair.client)]);
});
