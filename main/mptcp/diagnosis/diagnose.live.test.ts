import { describe, expect, test } from 'vitest';
import type { Side } from '#contract/migration.ts';
import { middlebox, onLink, whyNoPacketFilter } from '#main/mptcp/fixtures/packet-filter.ts';
import { setUp, sides } from '#main/mptcp/fixtures/set-up.ts';
import { TwoHosts, whyNoHosts } from '#main/mptcp/fixtures/two-hosts.ts';
import { bothLinksCarry, megabits, type StreamOptions, WatchedStream } from '#main/mptcp/fixtures/watched-stream.ts';
import type { Finding } from './evidence.ts';

const noHosts = whyNoHosts();
const noFilter = noHosts ?? whyNoPacketFilter();
for (const why of new Set([noHosts, noFilter])) if (why !== undefined) process.stdout.write(`skipped: ${why}\n`);

type Told = [kind: string, side: Side, command?: string];

const told = (findings: readonly Finding[]): Told[] =>
  findings.map(({ kind, side, command }) => [
    kind,
    side,
    ...(command === undefined ? ([] as const) : ([command] as const)),
  ]);

/** Lets a stream run for a while and asks what is wrong with it. */
async function verdictOn(
  hosts: TwoHosts,
  { afterMs = 700, ...options }: StreamOptions & { readonly afterMs?: number } = {},
): Promise<Told[]> {
  await using stream = await WatchedStream.begin(hosts, options);
  return told(await stream.findingsAfter(afterMs));
}

/** Carries out what a verdict says. */
function applyFixes(hosts: TwoHosts, verdict: readonly Told[]): void {
  for (const [, side, command] of verdict) if (command !== undefined) hosts.run(side, command);
}

describe.skipIf(noHosts !== undefined)('a connection that should be MPTCP', () => {
  test('is well where nothing is wrong', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    expect(await verdictOn(hosts)).toEqual([]);
  });

  test('is not called stripped when the other end does not read', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    await using stream = await WatchedStream.begin(hosts);
    await stream.until(bothLinksCarry);
    stream.receiver.freeze();
    expect(await stream.findingsAfter(3500)).toEqual([]);
  });

  test('is TCP because the destination listens without it', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    expect(await verdictOn(hosts, { listener: 'tcp' })).toEqual([['destination-not-mptcp', 'destination']]);
  });

  test('is TCP because the source connects without it', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    expect(await verdictOn(hosts, { sender: 'tcp' })).toEqual([['source-not-mptcp', 'source']]);
  });

  test.each(sides)(
    'is TCP because MPTCP is switched off in the kernel of the %s, until it is switched on',
    async (side) => {
      using hosts = new TwoHosts();
      await setUp(hosts);
      hosts.setSysctl(side, 'mptcp/enabled', '0');
      const verdict = await verdictOn(hosts, { listener: 'tcp', sender: 'tcp' });
      applyFixes(hosts, verdict);
      const command = `ip netns exec ${hosts.namespace(side)} sysctl -w net.mptcp.enabled=1`;
      expect([verdict, await verdictOn(hosts)]).toEqual([[['kernel-without-mptcp', side, command]], []]);
    },
  );
});

describe.skipIf(noFilter !== undefined)('a connection that should be MPTCP, with a middlebox on the way,', () => {
  test('is not called stripped when all its links are cut', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    await using stream = await WatchedStream.begin(hosts);
    await stream.until(bothLinksCarry);
    for (const side of sides) hosts.filter(side, 'drop');
    expect((await stream.findingsAfter(2500)).map(({ kind }) => kind)).toEqual(['path-down', 'path-down']);
  });

  test('is TCP because its offer is dropped, then because that is remembered, until it is forgotten', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.filter('destination', middlebox.drops);
    const dropped = await WatchedStream.begin(hosts);
    const first = told(await dropped.findingsAfter(700));
    await dropped[Symbol.asyncDispose]();
    hosts.unfilter();
    const second = await verdictOn(hosts);
    applyFixes(hosts, second);
    const third = await verdictOn(hosts);
    const forget = 'sysctl -w net.mptcp.blackhole_timeout=3600';
    expect([first, second, third]).toEqual([
      [['first-packet-dropped', 'source', forget]],
      [['blackhole-remembered', 'source', forget]],
      [],
    ]);
    // Two repetitions of the offer, after one and two seconds more.
    expect(dropped.connectedAfterMs).toBeGreaterThan(2900);
  });

  test.each<[string, Side, string]>([
    ['offer', 'destination', middlebox.stripsOffers],
    ['answer', 'source', middlebox.stripsAnswers],
  ])('is TCP because the %s is stripped', async (_, where, rule) => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.filter(where, rule);
    const whose = where === 'destination' ? 'source' : 'destination';
    expect(await verdictOn(hosts)).toEqual([['options-stripped', whose]]);
  });

  test.each<[string, Side]>([
    ['data', 'destination'],
    ['acknowledgements', 'source'],
  ])('becomes TCP with the first data because what follows the handshake is stripped of it: %s', async (_, where) => {
    // Not set up: the announcement of an address follows the handshake as well, and comes before the first data.
    using hosts = new TwoHosts();
    hosts.filter(where, middlebox.stripsAllButHandshakes);
    await using stream = await WatchedStream.begin(hosts, { quietSeconds: 1 });
    const connected = await stream.sample();
    const findings = await stream.findingsAfter(2000);
    const flowed = await stream.sample();
    expect([
      connected.connections.map(({ protocol }) => protocol),
      flowed.connections.map(({ protocol }) => protocol),
      told(findings),
    ]).toEqual([['mptcp'], ['tcp'], [['options-stripped-from-data', 'source']]]);
  });

  test.each<[string, number, readonly Side[], Side]>([
    ['data, of its one subflow', 1, ['source', 'destination'], 'source'],
    ['data, of both its subflows', 2, ['source', 'destination'], 'source'],
    ['acknowledgements, of its one subflow', 1, ['source'], 'destination'],
    ['acknowledgements, of both its subflows', 2, ['source'], 'destination'],
  ])('comes to a halt when it is stripped later: %s', async (_, subflows, where, whose) => {
    using hosts = new TwoHosts();
    if (subflows === 2) await setUp(hosts);
    await using stream = await WatchedStream.begin(hosts);
    await stream.until((sample) => megabits(sample, `eth${subflows}`) > 60);
    for (const side of where) hosts.filter(side, middlebox.strips);
    expect(told(await stream.findingsAfter(2500))).toEqual([['options-stripped-later', whose]]);
  });
});

describe.skipIf(noHosts !== undefined)('a path that is missing', () => {
  test('is reported with all that the hosts lack as they come, and the commands bring it', async () => {
    using hosts = new TwoHosts();
    const verdict = await verdictOn(hosts);
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts)]).toEqual([
      [
        ['nothing-announced', 'destination', 'ip mptcp endpoint add 10.79.2.2 dev eth2 signal'],
        ['source-limits', 'source', 'ip mptcp limits set subflows 2 add_addr_accepted 1'],
      ],
      [],
    ]);
  });

  test('is announced, and the source accepts no announced address', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.ip('source', 'mptcp', 'limits', 'set', 'add_addr_accepted', '0');
    const verdict = await verdictOn(hosts);
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts)]).toEqual([
      [['source-limits', 'source', 'ip mptcp limits set subflows 2 add_addr_accepted 1']],
      [],
    ]);
  });

  test('has an endpoint of the wrong kind', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.ip('destination', 'mptcp', 'endpoint', 'flush');
    hosts.ip('destination', 'mptcp', 'endpoint', 'add', '10.79.2.2', 'dev', 'eth2', 'id', '3', 'subflow');
    const verdict = await verdictOn(hosts);
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts)]).toEqual([
      [
        [
          'announced-as-subflow',
          'destination',
          'ip mptcp endpoint delete id 3 && ip mptcp endpoint add 10.79.2.2 dev eth2 signal',
        ],
      ],
      [],
    ]);
  });

  test('is turned away by the limit of the destination', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.ip('destination', 'mptcp', 'limits', 'set', 'subflows', '0');
    const verdict = await verdictOn(hosts);
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts)]).toEqual([
      [['destination-limits', 'destination', 'ip mptcp limits set subflows 1 add_addr_accepted 0']],
      [],
    ]);
  });

  test.each(sides)('is left to another program by the %s', async (side) => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.setSysctl(side, 'mptcp/path_manager', 'userspace');
    const verdict = await verdictOn(hosts);
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts)]).toEqual([
      [['userspace-path-manager', side, 'sysctl -w net.mptcp.path_manager=kernel']],
      [],
    ]);
  });

  test('is refused by a listener on one address, until the kernel listens on the other', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    const listen = '10.79.1.2';
    const verdict = await verdictOn(hosts, { listen });
    hosts.ip('destination', 'mptcp', 'endpoint', 'flush');
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts, { listen })]).toEqual([
      [['listener-on-one-address', 'destination', 'ip mptcp endpoint add 10.79.2.2 dev eth2 signal port 4444']],
      [],
    ]);
  });

  test('has no route', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.ip('source', 'route', 'delete', '10.79.2.0/24');
    const verdict = await verdictOn(hosts);
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts)]).toEqual([
      [['join-without-route', 'source', 'ip route replace 10.79.2.2 dev eth2 src 10.79.2.1']],
      [],
    ]);
  });

  test('is routed over the other link', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.ip('source', 'route', 'add', '10.79.2.2', 'via', '10.79.1.2');
    const verdict = await verdictOn(hosts);
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts)]).toEqual([
      [['join-on-another-link', 'source', 'ip route replace 10.79.2.2 dev eth2 src 10.79.2.1']],
      [],
    ]);
  });

  test('has a port that is switched off', async () => {
    using hosts = new TwoHosts();
    const { paths } = await setUp(hosts);
    hosts.ip('destination', 'link', 'set', 'eth2', 'down');
    const verdict = await verdictOn(hosts, { paths });
    applyFixes(hosts, verdict);
    expect([verdict, await verdictOn(hosts, { paths })]).toEqual([
      [['link-down', 'destination', 'ip link set eth2 up']],
      [],
    ]);
  });

  describe('whose source joins by itself, to the first address,', () => {
    test('is filtered by the source', async () => {
      using hosts = joiningByItself('dev', 'eth2');
      hosts.setSysctl('source', 'ipv4/conf/all/rp_filter', '1');
      const verdict = await verdictOn(hosts, { afterMs: 1500 });
      applyFixes(hosts, verdict);
      expect([verdict, await verdictOn(hosts)]).toEqual([
        [['join-filtered-by-source', 'source', 'sysctl -w net.ipv4.conf.eth2.rp_filter=2']],
        [],
      ]);
    });

    test('is filtered by the destination, where its routes send it over the first link', async () => {
      using hosts = joiningByItself();
      hosts.setSysctl('destination', 'ipv4/conf/all/rp_filter', '1');
      const verdict = await verdictOn(hosts, { afterMs: 1500 });
      applyFixes(hosts, verdict);
      expect([verdict, await verdictOn(hosts)]).toEqual([
        [['join-filtered-by-destination', 'destination', 'sysctl -w net.ipv4.conf.eth1.rp_filter=2']],
        [],
      ]);
    });

    test('finds no neighbour', async () => {
      using hosts = joiningByItself('dev', 'eth2');
      hosts.setSysctl('destination', 'ipv4/conf/all/arp_ignore', '1');
      const verdict = await verdictOn(hosts, { afterMs: 2500 });
      applyFixes(hosts, verdict);
      expect([verdict, await verdictOn(hosts)]).toEqual([
        [['join-unanswered-by-neighbour', 'destination', 'sysctl -w net.ipv4.conf.all.arp_ignore=0']],
        [],
      ]);
    });

    test('is not allowed to', async () => {
      using hosts = joiningByItself('dev', 'eth2');
      hosts.setSysctl('destination', 'mptcp/allow_join_initial_addr_port', '0');
      const verdict = await verdictOn(hosts);
      applyFixes(hosts, verdict);
      expect([verdict, await verdictOn(hosts)]).toEqual([
        [['joins-denied', 'destination', 'sysctl -w net.mptcp.allow_join_initial_addr_port=1']],
        [],
      ]);
    });
  });
});

function joiningByItself(...device: readonly string[]): TwoHosts {
  const hosts = new TwoHosts();
  hosts.ip('source', 'mptcp', 'endpoint', 'add', '10.79.2.1', ...device, 'subflow');
  return hosts;
}

describe.skipIf(noFilter !== undefined)('a path that is missing, with a firewall or middlebox on it,', () => {
  const openDestination = 'iptables -I INPUT -i eth2 -p tcp --dport 4444 -j ACCEPT';
  const openSource = 'iptables -I INPUT -i eth2 -p tcp --sport 4444 -j ACCEPT';

  test.each<[string, Side, string, Told]>([
    ['its joins are dropped', 'destination', 'tcp dport 4444 drop', ['join-dropped', 'destination', openDestination]],
    ['its answers are dropped', 'source', 'tcp sport 4444 drop', ['join-dropped', 'source', openSource]],
    [
      'its joins are prohibited',
      'destination',
      'tcp dport 4444 reject with icmpx admin-prohibited',
      ['join-rejected', 'destination', openDestination],
    ],
    [
      'its joins are reset',
      'destination',
      'tcp dport 4444 reject with tcp reset',
      ['join-rejected', 'destination', openDestination],
    ],
    [
      'a router knows no way for its joins',
      'destination',
      'tcp dport 4444 reject with icmp type net-unreachable',
      ['join-without-route', 'source', 'ip route get 10.79.2.2 from 10.79.2.1'],
    ],
    ['its joins are stripped', 'destination', middlebox.stripsOffers, ['join-stripped', 'source']],
    ['its answers are stripped', 'source', middlebox.stripsAnswers, ['join-stripped', 'source']],
    ['what follows is stripped', 'destination', middlebox.stripsAllButHandshakes, ['join-stripped', 'source']],
  ])('is never used: %s', async (_, where, rule, verdict) => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.filter(where, onLink('eth2', rule));
    expect(await verdictOn(hosts, { afterMs: 1500 })).toEqual([verdict]);
  });

  test('is given up once the joins were dropped for long enough', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.setSysctl('source', 'ipv4/tcp_syn_retries', '1');
    hosts.filter('destination', onLink('eth2', 'tcp dport 4444 drop'));
    await using stream = await WatchedStream.begin(hosts);
    const tried = await stream.findingsAfter(1500);
    const given = await stream.findingsAfter(2500);
    const dropped: Told[] = [['join-dropped', 'destination', openDestination]];
    expect([told(tried), told(given)]).toEqual([dropped, dropped]);
  });

  test('was never heard of', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.filter('source', middlebox.dropsAnnouncements);
    expect(await verdictOn(hosts, { afterMs: 1500 })).toEqual([['announcement-lost', 'source']]);
  });

  test.each([
    [
      'first',
      'eth1',
      'ip mptcp endpoint add 10.79.1.2 dev eth1 signal backup && sleep 1 && ip mptcp endpoint change 10.79.1.2 nobackup',
    ],
    ['second', 'eth2', 'ip mptcp endpoint delete id 1 && sleep 1 && ip mptcp endpoint add 10.79.2.2 dev eth2 signal'],
  ])('was reset when it began to be stripped, and the command brings it back: the %s', async (_, name, command) => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    await using stream = await WatchedStream.begin(hosts);
    await stream.until(bothLinksCarry);
    for (const side of sides) hosts.filter(side, onLink(name, middlebox.strips));
    const verdict = told(await stream.findingsAfter(700));
    hosts.unfilter();
    applyFixes(hosts, verdict);
    await stream.until(bothLinksCarry);
    expect(verdict).toEqual([['path-reset', 'destination', command]]);
  });

  test('leads to a link on which no machine answers for its address', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    hosts.ip('destination', 'link', 'set', 'eth2', 'arp', 'off');
    await using stream = await WatchedStream.begin(hosts);
    await stream.until(({ subflows }) => subflows.some(({ bytesSent }) => bytesSent > 0));
    expect(told(await stream.findingsAfter(4000))).toEqual([['join-without-neighbour', 'source']]);
  });

  test('has fallen silent, and the command brings it back', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    await using stream = await WatchedStream.begin(hosts);
    await stream.until(bothLinksCarry);
    for (const side of sides) hosts.filter(side, onLink('eth2', 'drop'));
    await stream.until(({ subflows }) => subflows.some(({ state }) => state === 'stale'));
    const verdict = told(await stream.findingsAfter(100));
    hosts.unfilter();
    applyFixes(hosts, verdict);
    await stream.until(bothLinksCarry);
    expect(verdict).toEqual([
      [
        'path-down',
        'destination',
        'ip mptcp endpoint delete id 1 && sleep 1 && ip mptcp endpoint add 10.79.2.2 dev eth2 signal',
      ],
    ]);
  });

  test('has fallen silent although it was never announced', async () => {
    using hosts = new TwoHosts();
    await setUp(hosts);
    await using stream = await WatchedStream.begin(hosts);
    await stream.until(bothLinksCarry);
    for (const side of sides) hosts.filter(side, onLink('eth1', 'drop'));
    await stream.until(({ subflows }) => subflows.some(({ state }) => state === 'stale'));
    expect(told(await stream.findingsAfter(100))).toEqual([['path-down', 'destination']]);
  });
});
