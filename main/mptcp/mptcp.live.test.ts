import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { HostFacts } from '#contract/host.ts';
import type { Path, Side } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import { readInterfaces } from '#main/hosts/facts/interfaces.ts';
import { readMptcpFacts } from '#main/hosts/facts/mptcp.ts';
import { namespacePlace, type NetworkPlace } from '#main/hosts/network-place.ts';
import { changePath, changePathManager, closeSubflows } from '#main/hosts/path-control.ts';
import { restorePathManager } from '#main/hosts/path-restore.ts';
import { type LinkEvent, readLinks } from '#native/netlink/network-links.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { subscribeToLinkEvents } from '#native/netlink/subscription.ts';
import { watchClosedSubflows } from './closed-subflows.ts';
import { counterChanges } from './counters.ts';
import { diagnose } from './diagnosis/diagnose.ts';
import type { Finding } from './diagnosis/evidence.ts';
import { connectionEvidence } from './diagnosis/gather.ts';
import { TwoHosts, whyNoHosts } from './fixtures/two-hosts.ts';
import { type MigrationSampler, openMigrationSampler } from './open-sampler.ts';
import { pathsBetween } from './paths.ts';
import { planPaths } from './plan/plan-paths.ts';
import { subflowTroubles } from './troubles.ts';

const reason = whyNoHosts();
if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);
const port = 4444;

const sides = ['source', 'destination'] as const;

const placeOf = (hosts: TwoHosts, side: Side): NetworkPlace => namespacePlace(hosts.namespace(side));

/** What the hosts room says of one of these hosts. */
function factsOf(hosts: TwoHosts, side: Side): Pick<HostFacts, 'id' | 'kernel' | 'interfaces' | 'mptcp'> {
  const place = placeOf(hosts, side);
  using session = openNetlinkSession('route', place.namespace);
  const names = new Map(readLinks(session).map(({ index, name }) => [index, name]));
  // Older than 6.18, so that plans do not depend on the kernel that tests run on.
  return {
    id: side,
    kernel: '6.1.0',
    interfaces: readInterfaces(place.namespace),
    mptcp: readMptcpFacts(place, names),
  };
}

function samplerOf(hosts: TwoHosts, pid: number): MigrationSampler {
  return openMigrationSampler({ pid, namespace: { name: hosts.source }, remotePorts: [port] });
}

/** Samples ten times a second until the condition holds; fails after some seconds. */
async function sampleUntil(
  sampler: MigrationSampler,
  holds: (sample: Sample) => boolean,
  seconds = 6,
): Promise<Sample> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const sample = sampler.sample();
    if (holds(sample)) return sample;
    if (performance.now() > end) throw new Error(`not seen in ${seconds} s: ${JSON.stringify(sample)}`);
    await sleep(100);
  }
}

const megabits = (sample: Sample, name: string): number =>
  sample.subflows
    .filter((subflow) => subflow.interface === name)
    .reduce((sum, { throughputBitsPerSecond }) => sum + throughputBitsPerSecond / 1e6, 0);

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

/** Sets both hosts up as the plan says; what comes back puts them as they were. */
function setUp(hosts: TwoHosts): { paths: readonly Path[]; restore: () => Promise<void> } {
  const before = { source: factsOf(hosts, 'source'), destination: factsOf(hosts, 'destination') };
  const paths = pathsBetween(before.source, before.destination);
  const plan = planPaths({ ...before, paths, listener: { address: '0.0.0.0', port } });
  for (const side of sides) changePathManager(placeOf(hosts, side), plan[side].changes);
  const restore = async (): Promise<void> => {
    for (const side of sides) {
      await restorePathManager(placeOf(hosts, side), {
        planned: [...plan[side].changes],
        before: { endpoints: before[side].mptcp.endpoints, limits: before[side].mptcp.limits },
        addresses: paths.map((path) => (side === 'source' ? path.sourceAddress : path.destinationAddress)),
        touched: [],
      });
    }
  };
  return { paths, restore };
}

describe.skipIf(reason !== undefined)('two hosts as the plan sets them up', () => {
  test('use both links, and three counts of the same bytes agree to the last', async () => {
    using hosts = new TwoHosts();
    setUp(hosts);
    const receiver = await hosts.receive('0.0.0.0', port, 'mptcp');
    const sender = await hosts.send('10.79.1.2', port, 'mptcp', 1.5);
    using sampler = samplerOf(hosts, sender.pid);
    const busy = await sampleUntil(sampler, (sample) => megabits(sample, 'eth1') > 60 && megabits(sample, 'eth2') > 60);
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
    const { restore } = setUp(hosts);
    await hosts.receive('0.0.0.0', port, 'mptcp');
    const sender = await hosts.send('10.79.1.2', port, 'mptcp', 0.5);
    using sampler = samplerOf(hosts, sender.pid);
    await sampleUntil(sampler, (sample) => megabits(sample, 'eth2') > 0);
    await sender.total;
    // What its process has closed may still drain; what another connection used would be left alone.
    await restore();
    expect(look()).toEqual(before);
  });

  test('move traffic off a paused path and back, and bring a mended link back at once', async () => {
    using hosts = new TwoHosts();
    setUp(hosts);
    await hosts.receive('0.0.0.0', port, 'mptcp');
    const sender = await hosts.send('10.79.1.2', port, 'mptcp', 15);
    using sampler = samplerOf(hosts, sender.pid);
    const destination = placeOf(hosts, 'destination');
    const end = { address: '10.79.2.2', interface: 'eth2', flags: ['signal' as const] };
    const bothCarry = (sample: Sample): boolean => megabits(sample, 'eth1') > 60 && megabits(sample, 'eth2') > 60;
    await sampleUntil(sampler, bothCarry);

    changePath(destination, 'pause', end);
    const paused = await sampleUntil(
      sampler,
      (sample) => megabits(sample, 'eth2') < 1 && megabits(sample, 'eth1') > 60,
    );
    changePath(destination, 'resume', end);
    await sampleUntil(sampler, bothCarry);

    hosts.ip('destination', 'link', 'set', 'eth2', 'down');
    const cutAtMonoMs = performance.now();
    const lost = await sampleUntil(sampler, ({ subflows }) =>
      subflows.some(({ state }) => state === 'failing' || state === 'stale'),
    );
    await sampleUntil(sampler, ({ subflows }) => subflows.some(({ state }) => state === 'stale'));
    // Withdrawn while the link is down, its own end closed before: the kernel then gives its place back.
    closeSubflows(destination, { localAddress: '10.79.2.2', remoteAddress: '10.79.2.1', port });
    changePath(destination, 'withdraw', end);
    const carrier = carrierOf(hosts, 'eth2');
    hosts.ip('destination', 'link', 'set', 'eth2', 'up');
    await carrier;
    const mendedAtMonoMs = performance.now();
    changePath(destination, 'announce', end);
    const mended = await sampleUntil(sampler, bothCarry);

    const backAfterMs = mended.atMonoMs - mendedAtMonoMs;
    const noticedAfterMs = lost.atMonoMs - cutAtMonoMs;
    process.stdout.write(
      `lost path noticed after ${noticedAfterMs.toFixed(0)} ms, back after ${backAfterMs.toFixed(0)} ms\n`,
    );
    expect(paused.subflows.map(({ state }) => state)).toEqual(['active', 'backup']);
    // Generous: machines are noisy. How fast it is, bench/ tells.
    expect(noticedAfterMs).toBeLessThan(4000);
    expect(backAfterMs).toBeLessThan(4000);
  });
});

/** Lets a stream run for a while and asks what is wrong with it. */
async function verdictOn(
  hosts: TwoHosts,
  { listen = '0.0.0.0', listener = 'mptcp', sender = 'mptcp', afterMs = 700, paths }: Stage = {},
): Promise<(string | undefined)[][]> {
  const before = { source: factsOf(hosts, 'source'), destination: factsOf(hosts, 'destination') };
  await hosts.receive(listen, port, listener);
  using closed = watchClosedSubflows({ name: hosts.source });
  const { pid } = await hosts.send('10.79.1.2', port, sender, 30);
  using sampler = samplerOf(hosts, pid);
  const first = await sampleUntil(sampler, ({ connections }) => connections.length > 0);
  await sleep(afterMs);
  const sample = sampler.sample();
  const now = { source: factsOf(hosts, 'source'), destination: factsOf(hosts, 'destination') };
  const side = (name: Side) => ({
    host: now[name],
    changes: counterChanges(before[name].mptcp.counters, now[name].mptcp.counters),
  });
  const connection = connectionEvidence({
    sample,
    troubles: subflowTroubles(sampler.connections, closed),
    wasMptcp: first.connections.every(({ protocol }) => protocol === 'mptcp'),
    stalledMs: 0,
  });
  if (connection === undefined) throw new Error('there is no connection');
  const findings = diagnose({
    source: side('source'),
    destination: side('destination'),
    connection,
    paths: paths ?? pathsBetween(before.source, before.destination),
    listener: { address: listen, port, mptcp: listener === 'mptcp' },
  });
  return findings.map(({ kind, side: where, command }: Finding) => [kind, where, command]);
}

interface Stage {
  readonly listen?: string;
  readonly listener?: 'tcp' | 'mptcp';
  readonly sender?: 'tcp' | 'mptcp';
  readonly afterMs?: number;
  /** Those that the hosts had in better times. */
  readonly paths?: readonly Path[];
}

describe.skipIf(reason !== undefined)('a diagnosis', () => {
  test('finds nothing wrong where all is well', async () => {
    using hosts = new TwoHosts();
    setUp(hosts);
    expect(await verdictOn(hosts)).toEqual([]);
  });

  test('tells a destination that listens without MPTCP', async () => {
    using hosts = new TwoHosts();
    setUp(hosts);
    expect(await verdictOn(hosts, { listener: 'tcp' })).toEqual([['destination-not-mptcp', 'destination', undefined]]);
  });

  test('tells a source that connects without MPTCP', async () => {
    using hosts = new TwoHosts();
    setUp(hosts);
    expect(await verdictOn(hosts, { sender: 'tcp' })).toEqual([['source-not-mptcp', 'source', undefined]]);
  });

  test('tells a kernel that was told not to speak MPTCP', async () => {
    using hosts = new TwoHosts();
    hosts.setSysctl('destination', 'mptcp/enabled', '0');
    expect((await verdictOn(hosts, { listener: 'tcp' })).map(([kind, side]) => [kind, side])).toEqual([
      ['kernel-without-mptcp', 'destination'],
    ]);
  });

  test('tells hosts as they come: nothing announced, nothing accepted', async () => {
    using hosts = new TwoHosts();
    expect(await verdictOn(hosts)).toEqual([
      ['nothing-announced', 'destination', 'ip mptcp endpoint add 10.79.2.2 dev eth2 signal'],
      ['source-limits', 'source', 'ip mptcp limits set subflows 2 add_addr_accepted 1'],
    ]);
  });

  test('tells an endpoint of the wrong kind', async () => {
    using hosts = new TwoHosts();
    setUp(hosts);
    hosts.ip('destination', 'mptcp', 'endpoint', 'flush');
    hosts.ip('destination', 'mptcp', 'endpoint', 'add', '10.79.2.2', 'dev', 'eth2', 'id', '3', 'subflow');
    expect((await verdictOn(hosts)).map(([kind]) => kind)).toEqual(['announced-as-subflow']);
  });

  test('tells a destination that turns subflows away', async () => {
    using hosts = new TwoHosts();
    setUp(hosts);
    hosts.ip('destination', 'mptcp', 'limits', 'set', 'subflows', '0');
    expect(await verdictOn(hosts)).toEqual([
      ['destination-limits', 'destination', 'ip mptcp limits set subflows 1 add_addr_accepted 0'],
    ]);
  });

  test('tells a listener on one address, and its remedy mends it', async () => {
    using hosts = new TwoHosts();
    setUp(hosts);
    const [[kind, side, command = ''] = []] = await verdictOn(hosts, { listen: '10.79.1.2' });
    using mended = new TwoHosts();
    setUp(mended);
    mended.ip('destination', 'mptcp', 'endpoint', 'flush');
    mended.ip('destination', ...command.split(' ').slice(1));
    expect([kind, side, await verdictOn(mended, { listen: '10.79.1.2' })]).toEqual([
      'listener-on-one-address',
      'destination',
      [],
    ]);
  });

  test('tells joins that the source itself filters', async () => {
    using hosts = new TwoHosts();
    hosts.ip('source', 'mptcp', 'endpoint', 'add', '10.79.2.1', 'dev', 'eth2', 'subflow');
    hosts.setSysctl('source', 'ipv4/conf/all/rp_filter', '1');
    expect(await verdictOn(hosts, { afterMs: 1500 })).toEqual([
      ['source-limits', 'source', 'ip mptcp limits set subflows 2 add_addr_accepted 1'],
      ['join-filtered-by-source', 'source', 'sysctl -w net.ipv4.conf.eth2.rp_filter=2'],
    ]);
  });

  test('tells a port that is switched off', async () => {
    using hosts = new TwoHosts();
    const { paths } = setUp(hosts);
    hosts.ip('destination', 'link', 'set', 'eth2', 'down');
    expect(await verdictOn(hosts, { paths })).toEqual([['link-down', 'destination', 'ip link set eth2 up']]);
  });
});
