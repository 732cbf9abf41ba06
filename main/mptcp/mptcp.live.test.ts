import { describe, expect, test } from 'vitest';
import { changePath, closeSubflows } from '#main/hosts/path-control.ts';
import type { LinkEvent } from '#native/netlink/network-links.ts';
import { subscribeToLinkEvents } from '#native/netlink/subscription.ts';
import { placeOf, port, setUp } from './fixtures/set-up.ts';
import { TwoHosts, whyNoHosts } from './fixtures/two-hosts.ts';
import { bothLinksCarry, megabits, sampleUntil, samplerOf } from './fixtures/watched-stream.ts';

const reason = whyNoHosts();
if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);
/** Resolves when the source has a carrier on that interface again. */
async function carrierOf(hosts: TwoHosts, name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using scope = new DisposableStack();
  const onEvent = (event: LinkEvent): void => {
    if (event.kind === 'link-changed' && event.link.name === name && event.link.carrier) resolve();
  };
  scope.use(subscribeToLinkEvents({ name: hosts.source }, { onEvent, onGap: () => {} }));
  await promise;
}

describe.skipIf(reason !== undefined)('two hosts as the plan sets them up', () => {
  test('use both links, and three counts of the same bytes agree to the last', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    const receiver = await hosts.receive('0.0.0.0', port, 'mptcp');
    const sender = await hosts.send('10.79.1.2', port, 'mptcp', 1.5);
    using sampler = await samplerOf(hosts, sender.pid);
    const busy = await sampleUntil(sampler, bothLinksCarry);
    const ended = await sampleUntil(sampler, ({ subflows }) => subflows.every(({ state }) => state === 'closed'));
    const [sent, received] = await Promise.all([sender.total, receiver.total]);
    const carried = ended.subflows.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    expect(busy.subflows.map(({ remoteAddress, state }) => [remoteAddress, state])).toEqual([
      ['10.79.1.2', 'active'],
      ['10.79.2.2', 'active'],
    ]);
    // The end of each stream counts as a byte.
    expect(received).toBe(sent);
    expect(carried - (ended.connections[0]?.bytesReinjected ?? 0) - sent).toBeLessThanOrEqual(2);
    expect(Math.abs((ended.connections[0]?.bytesSent ?? 0) - sent)).toBeLessThanOrEqual(2);
  });

  test('are afterwards as they were, foreign endpoint and odd limits included', async () => {
    using hosts = new TwoHosts();
    const look = (): string[] =>
      (['source', 'destination'] as const).flatMap((side) => [
        hosts.ip(side, 'mptcp', 'endpoint'),
        hosts.ip(side, 'mptcp', 'limits'),
      ]);
    hosts.ip('destination', 'mptcp', 'endpoint', 'add', '10.79.1.2', 'id', '9', 'subflow', 'backup');
    hosts.ip('source', 'mptcp', 'limits', 'set', 'subflows', '1', 'add_addr_accepted', '0');
    const before = look();
    const { restore } = await setUp(hosts);
    await hosts.receive('0.0.0.0', port, 'mptcp');
    const sender = await hosts.send('10.79.1.2', port, 'mptcp', 0.5);
    using sampler = await samplerOf(hosts, sender.pid);
    await sampleUntil(sampler, (sample) => megabits(sample, 'eth2') > 0);
    await sender.total;
    // What its process has closed may still drain; what another connection used would be left alone.
    await restore();
    expect(look()).toEqual(before);
  });

  test('move traffic off a paused path and back, and bring a restored link back at once', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    await hosts.receive('0.0.0.0', port, 'mptcp');
    const sender = await hosts.send('10.79.1.2', port, 'mptcp', 15);
    using sampler = await samplerOf(hosts, sender.pid);
    const destination = placeOf(hosts, 'destination');
    const end = { address: '10.79.2.2', interface: 'eth2', flags: ['signal' as const] };
    await sampleUntil(sampler, bothLinksCarry);

    await changePath(destination, 'pause', end);
    const paused = await sampleUntil(
      sampler,
      (sample) => megabits(sample, 'eth2') < 1 && megabits(sample, 'eth1') > 60,
    );
    await changePath(destination, 'resume', end);
    await sampleUntil(sampler, bothLinksCarry);

    hosts.ip('destination', 'link', 'set', 'eth2', 'down');
    const cutAtMonoMs = performance.now();
    const lost = await sampleUntil(sampler, ({ subflows }) =>
      subflows.some(({ state }) => state === 'failing' || state === 'stale'),
    );
    await sampleUntil(sampler, ({ subflows }) => subflows.some(({ state }) => state === 'stale'));
    // Withdrawn while the link is down, its own end closed before: the kernel then gives its place back.
    await closeSubflows(destination, { localAddress: '10.79.2.2', remoteAddress: '10.79.2.1', port });
    await changePath(destination, 'withdraw', end);
    const carrier = carrierOf(hosts, 'eth2');
    hosts.ip('destination', 'link', 'set', 'eth2', 'up');
    await carrier;
    const restoredAtMonoMs = performance.now();
    await changePath(destination, 'announce', end);
    const restored = await sampleUntil(sampler, bothLinksCarry);

    const backAfterMs = restored.atMonoMs - restoredAtMonoMs;
    const noticedAfterMs = lost.atMonoMs - cutAtMonoMs;
    process.stdout.write(
      `lost path noticed after ${noticedAfterMs.toFixed(0)} ms, back after ${backAfterMs.toFixed(0)} ms\n`,
    );
    expect(paused.subflows.map(({ state }) => state)).toEqual(['active', 'backup']);
    // Generous: machines are noisy. How fast it is, bench/ measures.
    expect(noticedAfterMs).toBeLessThan(4000);
    expect(backAfterMs).toBeLessThan(4000);
  });
});
