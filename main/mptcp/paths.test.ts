import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostAddress, NetworkInterface } from '#contract/host.ts';
import type { AskRoutes } from '#main/mptcp/pairs/ask-routes.ts';
import type { HostNetwork } from '#main/mptcp/pairs/host-network.ts';
import { gigabit, host, kernelOf, port, type Routing } from '#main/mptcp/pairs/testing/kernel.ts';
import { planPairs, type PairWish, type PlannedPairs } from './paths.ts';

interface Story {
  readonly wish?: Partial<PairWish>;
  /** What the routing of a host says beside its subnets. */
  readonly there?: readonly Routing[];
  readonly back?: readonly Routing[];
}

function plan(source: HostNetwork, destination: HostNetwork, { wish, there, back }: Story = {}): Promise<PlannedPairs> {
  const ask = { source: kernelOf(source, there), destination: kernelOf(destination, back) };
  return planPairs(source, destination, { bindsFirst: false, multipath: true, ...wish }, ask);
}

const names = ({ paths }: PlannedPairs): string[] =>
  paths.map((path) => `${path.sourceInterface} ${path.destinationInterface}`);
const addresses = ({ paths }: PlannedPairs): string[] =>
  paths.map((path) => `${path.sourceAddress} ${path.destinationAddress}`);
const reasons = ({ leftOut }: PlannedPairs): string[] =>
  leftOut.map(
    ({ sourceInterface = '-', destinationInterface = '-', reason }) =>
      `${sourceInterface} ${destinationInterface} ${reason}`,
  );

/** Two hosts with ports eth1 and eth2 in two subnets, and whatever else a test gives them. */
const twin = (id: string, end: 1 | 2, ...more: NetworkInterface[]): HostNetwork =>
  host(id, [gigabit('eth1', `10.0.1.${end}/24`), gigabit('eth2', `10.0.2.${end}/24`), ...more]);

describe('ports in subnets of their own', () => {
  test('are paired, the fastest first, at the slower end', async () => {
    const source = host('a', [
      gigabit('eth1', '10.0.1.1/24'),
      port('eth2', '10.0.2.1/24', { speedBitsPerSecond: 1e10, linkBitsPerSecond: 1e10, mtu: 9000 }),
    ]);
    const destination = host('b', [
      port('eth8', '10.0.2.2/24', { speedBitsPerSecond: 5e9, linkBitsPerSecond: 5e9 }),
      gigabit('eth9', '10.0.1.2/24'),
    ]);
    expect(await plan(source, destination)).toMatchObject({
      paths: [
        {
          sourceInterface: 'eth2',
          sourceAddress: '10.0.2.1',
          destinationInterface: 'eth8',
          destinationAddress: '10.0.2.2',
          speedBitsPerSecond: 5e9,
          mtu: 1500,
        },
        {
          sourceInterface: 'eth1',
          sourceAddress: '10.0.1.1',
          destinationInterface: 'eth9',
          destinationAddress: '10.0.1.2',
          speedBitsPerSecond: 1e9,
          mtu: 1500,
        },
      ],
      leftOut: [],
    });
  });

  test('are paired as well where nothing is known of the routes', async () => {
    const silent = { source: () => Promise.resolve([]), destination: () => Promise.resolve([]) };
    const wish = { bindsFirst: false, multipath: true };
    expect(names(await planPairs(twin('a', 1), twin('b', 2), wish, silent))).toEqual(['eth1 eth1', 'eth2 eth2']);
  });

  test('are left out where one is off, without a carrier, or without a counterpart', async () => {
    const source = host('a', [
      gigabit('eth1', '10.0.1.1/24', { carrier: false }),
      gigabit('eth2', '10.0.2.1/24', { up: false }),
      gigabit('eth3', '10.0.3.1/24'),
    ]);
    const destination = host('b', [
      gigabit('eth1', '10.0.1.2/24'),
      gigabit('eth2', '10.0.2.2/24'),
      gigabit('eth3', '10.9.3.2/24'),
    ]);
    const planned = await plan(source, destination);
    expect([names(planned), reasons(planned)]).toEqual([
      [],
      [
        'eth1 - no-carrier',
        'eth2 - interface-down',
        'eth3 - no-counterpart',
        '- eth1 no-counterpart',
        '- eth2 no-counterpart',
        '- eth3 no-counterpart',
      ],
    ]);
  });

  test('pair IPv6, and never by link-local addresses', async () => {
    const source = host('a', [port('eth1', 'fe80::1/64'), port('eth2', 'fd00:2::1/64')]);
    const destination = host('b', [port('eth1', 'fe80::2/64'), port('eth2', 'fd00:2::2/64')]);
    expect(names(await plan(source, destination))).toEqual(['eth2 eth2']);
  });

  test('have the speed at which the source sends, however the destination shapes what it sends', async () => {
    const slow = host('b', [port('eth1', '10.0.1.2/24', { speedBitsPerSecond: 1e7, linkBitsPerSecond: 1e9 })]);
    const fast = host('a', [port('eth1', '10.0.1.1/24', { speedBitsPerSecond: 1e9, linkBitsPerSecond: 1e10 })]);
    const speeds = async (from: HostNetwork, to: HostNetwork) =>
      (await plan(from, to)).paths.map(({ speedBitsPerSecond }) => speedBitsPerSecond);
    expect([await speeds(fast, slow), await speeds(slow, fast)]).toEqual([[1e9], [1e7]]);
  });
});

describe('interfaces that lead nowhere', () => {
  const extra = async (...more: NetworkInterface[]): Promise<PlannedPairs> =>
    plan(twin('a', 1, ...more), twin('b', 2, gigabit('eth9', '10.9.0.2/24')));

  test.each([
    ['leads-nowhere', { kind: 'dummy' }],
    ['tunnel', { kind: 'vxlan' }],
    ['tunnel', { kind: 'wireguard' }],
    ['tunnel', { kind: 'tun' }],
    ['bridge-without-port', { kind: 'bridge' }],
    ['port-of-another', { master: 'br0' }],
    ['no-carrier', { carrier: false }],
  ] as const)('are left out: %s', async (reason, more) => {
    const planned = await extra(port('x0', '10.9.0.1/24', more));
    expect([names(planned), reasons(planned)]).toEqual([
      ['eth1 eth1', 'eth2 eth2'],
      [`x0 - ${reason}`, '- eth9 no-counterpart'],
    ]);
  });

  test('include the bridge of containers, which has the same address on both hosts', async () => {
    const docker = (carrier: boolean) => [
      port('docker0', '172.17.0.1/16', { kind: 'bridge', carrier }),
      port('veth1', [], { kind: 'veth', master: 'docker0' }),
    ];
    const planned = await plan(twin('a', 1, ...docker(true)), twin('b', 2, ...docker(true)));
    expect([names(planned), reasons(planned)]).toEqual([
      ['eth1 eth1', 'eth2 eth2'],
      ['docker0 - bridge-without-port', '- docker0 bridge-without-port'],
    ]);
  });

  test('do not include a bridge with a port that leads out, nor the ports of a VRF', async () => {
    const bridged = (id: string, end: 1 | 2): HostNetwork =>
      host(id, [
        gigabit('eth1', [], { master: 'br0' }),
        port('tap0', [], { kind: 'tun', master: 'br0' }),
        gigabit('br0', `10.0.1.${end}/24`, { kind: 'bridge' }),
        port('vrf0', [], { kind: 'vrf' }),
        gigabit('eth2', `10.0.2.${end}/24`, { master: 'vrf0' }),
      ]);
    expect(names(await plan(bridged('a', 1), bridged('b', 2)))).toEqual(['br0 br0', 'eth2 eth2']);
  });

  test('include a bridge whose veth leads to a container, unless the other host is on this machine', async () => {
    const bridged = (id: string, end: 1 | 2, bootId: string): HostNetwork =>
      host(
        id,
        [port('veth1', [], { kind: 'veth', master: 'br0' }), gigabit('br0', `10.0.1.${end}/24`, { kind: 'bridge' })],
        { bootId },
      );
    const between = async (one: string, other: string) =>
      names(await plan(bridged('a', 1, one), bridged('b', 2, other)));
    expect([await between('this', 'that'), await between('this', 'this')]).toEqual([[], ['br0 br0']]);
  });
});

describe('addresses that are not fit for it', () => {
  test.each<[string, Partial<HostAddress>]>([
    ['address-tentative', { flags: ['tentative'] }],
    ['address-duplicate', { flags: ['duplicate', 'tentative'] }],
    ['address-deprecated', { flags: ['deprecated'] }],
    ['address-scope', { scope: 'host' }],
  ])('leave their interface out: %s', async (reason, more) => {
    const bad = { ...gigabit('eth1', []), addresses: [{ address: 'fd00:1::1', prefixLength: 64, ...more }] };
    const planned = await plan(host('a', [bad]), host('b', [gigabit('eth1', 'fd00:1::2/64')]));
    expect([names(planned), reasons(planned)]).toEqual([[], [`eth1 - ${reason}`, '- eth1 no-counterpart']]);
  });

  test('are passed over where there is another one', async () => {
    const source: NetworkInterface = {
      ...gigabit('eth1', []),
      addresses: [
        { address: 'fd00:1::dead', prefixLength: 64, flags: ['deprecated'] },
        { address: 'fd00:1::beef', prefixLength: 64, flags: ['temporary'] },
        { address: 'fd00:1::1', prefixLength: 64 },
      ],
    };
    // Without its answers, so that it is our own choice.
    const silent = { source: () => Promise.resolve([]), destination: () => Promise.resolve([]) };
    const wish = { bindsFirst: false, multipath: true };
    const planned = await planPairs(host('a', [source]), host('b', [gigabit('eth1', 'fd00:1::2/64')]), wish, silent);
    expect(addresses(planned)).toEqual(['fd00:1::1 fd00:1::2']);
  });

  test('give way to the one that the kernel chooses', async () => {
    const source = host('a', [gigabit('eth1', ['10.0.1.1/24', '10.0.1.9/24'])]);
    const there = [{ from: undefined, to: '10.0.1.2', interface: 'eth1', chosenSource: '10.0.1.9' }];
    const planned = await plan(source, host('b', [gigabit('eth1', '10.0.1.2/24')]), { there });
    expect(addresses(planned)).toEqual(['10.0.1.9 10.0.1.2']);
  });

  test('are no path where the other host has the same one', async () => {
    const source = twin('a', 1, port('virbr0', '192.168.122.1/24'));
    const destination = twin('b', 2, port('virbr0', ['192.168.122.1/24']));
    const planned = await plan(source, destination);
    expect([names(planned), reasons(planned)]).toEqual([['eth1 eth1', 'eth2 eth2'], ['virbr0 virbr0 local-to-source']]);
  });

  test("are no path where the destination has the source's own", async () => {
    const planned = await plan(
      host('a', [gigabit('eth1', '10.0.1.1/24')]),
      host('b', [gigabit('eth1', ['10.0.1.2/24', '10.0.1.1/24'])]),
      { there: [{ from: undefined, to: '10.0.1.2', interface: 'eth1' }] },
    );
    expect([names(planned), reasons(planned)]).toEqual([[], ['eth1 eth1 local-to-destination']]);
  });
});

describe('one port below several interfaces', () => {
  test('is used once: by VLANs, a macvlan, an ipvlan', async () => {
    const stacked = (id: string, end: 1 | 2): HostNetwork =>
      host(id, [
        gigabit('eth0', `10.0.0.${end}/24`),
        gigabit('eth0.20', `10.0.20.${end}/24`, { kind: 'vlan', parent: 'eth0' }),
        gigabit('mac0', `10.0.30.${end}/24`, { kind: 'macvlan', parent: 'eth0' }),
        gigabit('ipv0', `10.0.40.${end}/24`, { kind: 'ipvlan', parent: 'eth0' }),
        gigabit('eth1', `10.0.1.${end}/24`),
      ]);
    const planned = await plan(stacked('a', 1), stacked('b', 2));
    expect([names(planned), reasons(planned)]).toEqual([
      ['eth0 eth0', 'eth1 eth1'],
      ['eth0.20 eth0.20 shared-port', 'mac0 mac0 shared-port', 'ipv0 ipv0 shared-port'],
    ]);
  });

  test('is used once by a bond and by its own ports, by a bridge, and by functions of one card', async () => {
    const source = host('a', [
      gigabit('eth0', [], { master: 'bond0' }),
      gigabit('bond0', '10.0.0.1/24', { kind: 'bond' }),
      gigabit('bond0.7', [], { kind: 'vlan', parent: 'bond0', master: 'br7' }),
      gigabit('br7', '10.0.7.1/24', { kind: 'bridge' }),
      gigabit('vf0', '10.0.8.1/24', { physicalPort: 'ec0d' }),
      gigabit('vf1', '10.0.9.1/24', { physicalPort: 'ec0d' }),
    ]);
    const destination = host(
      'b',
      [0, 7, 8, 9].map((subnet) => gigabit(`eth${subnet}`, `10.0.${subnet}.2/24`)),
    );
    const planned = await plan(source, destination);
    expect([names(planned), reasons(planned)]).toEqual([
      ['bond0 eth0', 'vf0 eth8'],
      ['br7 eth7 shared-port', 'vf1 eth9 shared-port'],
    ]);
  });

  test('may be out of sight, in the namespace of their parent', async () => {
    const source = host('a', [
      gigabit('mac1', '10.0.1.1/24', { kind: 'macvlan', parent: 'if5@ns0' }),
      gigabit('mac2', '10.0.2.1/24', { kind: 'macvlan', parent: 'if5@ns0' }),
    ]);
    expect(names(await plan(source, twin('b', 2)))).toEqual(['mac1 eth1']);
  });

  test('is used once where both ends share one subnet', async () => {
    const source = host('a', [gigabit('eth1', '10.0.1.1/24'), gigabit('eth2', '10.0.1.3/24')]);
    const destination = host('b', [gigabit('eth1', '10.0.1.2/24')]);
    expect(names(await plan(source, destination))).toEqual(['eth1 eth1']);
  });
});

describe('two ports in one subnet', () => {
  const two = (id: string, end: 1 | 2, sysctls: Record<string, string> = {}, kernel = '6.18.0'): HostNetwork =>
    host(id, [gigabit('eth1', `10.0.1.${end}/24`), gigabit('eth2', `10.0.1.${end + 2}/24`)], {
      kernel,
      mptcp: { usable: true, sysctls, endpoints: [], counters: {} },
    });
  const ordered = { 'ipv4/conf/all/arp_ignore': '1' };

  test('are one path while the destination answers ARP for both on either', async () => {
    const planned = await plan(two('a', 1), two('b', 2));
    expect([names(planned), planned.leftOut.map(({ reason, command }) => [reason, command])]).toEqual([
      ['eth1 eth1'],
      [['arp-answered-elsewhere', 'sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2']],
    ]);
  });

  test('are two paths where each answers for itself, and the kernel can bind a subflow to its port', async () => {
    expect(names(await plan(two('a', 1), two('b', 2, ordered)))).toEqual(['eth1 eth1', 'eth2 eth2']);
  });

  test('are one path where the kernel is older than that', async () => {
    const planned = await plan(two('a', 1, {}, '6.12.0'), two('b', 2, ordered));
    expect([names(planned), planned.leftOut.map(({ reason, command }) => [reason, command])]).toEqual([
      ['eth1 eth1'],
      [['leaves-elsewhere', 'ip route add 10.0.1.4/32 dev eth2 src 10.0.1.3']],
    ]);
  });

  test('are one path where the source drops what arrives at the port that its routes do not name', async () => {
    const strict = { 'ipv4/conf/eth2/rp_filter': '1' };
    const planned = await plan(two('a', 1, strict), two('b', 2, ordered));
    expect([names(planned), reasons(planned)]).toEqual([['eth1 eth1'], ['eth2 eth2 reverse-path-filter']]);
  });

  test('are one path where the destination does', async () => {
    const strict = { ...ordered, 'ipv4/conf/eth2/rp_filter': '1' };
    const planned = await plan(two('a', 1), two('b', 2, strict));
    expect([names(planned), reasons(planned)]).toEqual([['eth1 eth1'], ['eth2 eth2 reverse-path-filter']]);
  });
});

describe('hosts that share no subnet', () => {
  const source = twin('a', 1);
  const destination = host('b', [gigabit('eth1', '10.9.1.2/24'), gigabit('eth2', '10.9.2.2/24')]);
  const route = (from: string | undefined, to: string, name: string): Routing => ({
    from,
    to,
    interface: name,
    gateway: '10.0.1.254',
  });
  const there = [
    route(undefined, '10.9.1.2', 'eth1'),
    route('10.0.1.1', '10.9.1.2', 'eth1'),
    route(undefined, '10.9.2.2', 'eth2'),
    route('10.0.2.1', '10.9.2.2', 'eth2'),
  ];
  const back = [route('10.9.1.2', '10.0.1.1', 'eth1'), route('10.9.2.2', '10.0.2.1', 'eth2')];

  test('have no paths while their routes are not known', async () => {
    expect(names(await plan(source, destination))).toEqual([]);
  });

  test('are paired where routes lead out of the right interface at both ends', async () => {
    expect(addresses(await plan(source, destination, { there, back }))).toEqual([
      '10.0.1.1 10.9.1.2',
      '10.0.2.1 10.9.2.2',
    ]);
  });

  test('are not paired where the way back leaves by another interface', async () => {
    const astray = [route('10.9.1.2', '10.0.1.1', 'eth1'), route('10.9.2.2', '10.0.2.1', 'eth1')];
    const planned = await plan(source, destination, { there, back: astray });
    expect([addresses(planned), reasons(planned)]).toEqual([['10.0.1.1 10.9.1.2'], ['eth2 eth2 answers-elsewhere']]);
  });
});

describe('the first path', () => {
  const routesOnlyWhenBound = (to: string): Routing => ({ from: undefined, to });

  test('is one that an unbound socket reaches, though it is the slower one', async () => {
    const source = host('a', [
      port('eth1', '10.0.1.1/24', { speedBitsPerSecond: 1e10, linkBitsPerSecond: 1e10 }),
      gigabit('eth2', '10.0.2.1/24'),
    ]);
    const planned = await plan(source, twin('b', 2), { there: [routesOnlyWhenBound('10.0.1.2')] });
    expect([names(planned), planned.firstObstacle]).toEqual([['eth2 eth2', 'eth1 eth1'], undefined]);
  });

  test('has an obstacle, and the route that removes it, where routes are only in tables of their own', async () => {
    const there = [routesOnlyWhenBound('10.0.1.2'), routesOnlyWhenBound('10.0.2.2')];
    const planned = await plan(twin('a', 1), twin('b', 2), { there });
    expect([names(planned), planned.firstObstacle]).toEqual([
      ['eth1 eth1', 'eth2 eth2'],
      {
        text: 'a has no route to 10.0.1.2 unless the socket is bound to 10.0.1.1, so the connection cannot begin on eth1.',
        remedy: 'QEMU does not bind its socket: add a route, or migrate with --socket app.',
        command: 'ip route add 10.0.1.2/32 dev eth1 src 10.0.1.1',
      },
    ]);
  });

  test('has none for a socket that Switchyard binds', async () => {
    const there = [routesOnlyWhenBound('10.0.1.2'), routesOnlyWhenBound('10.0.2.2')];
    const planned = await plan(twin('a', 1), twin('b', 2), { there, wish: { bindsFirst: true } });
    expect(planned.firstObstacle).toBeUndefined();
  });

  test('is not a bridge that may lead to containers alone, while there is another one', async () => {
    const container = (id: string, end: 1 | 2): HostNetwork =>
      host(
        id,
        [
          port('docker0', `172.17.0.${end}/16`, { kind: 'bridge' }),
          port('veth1', [], { kind: 'veth', master: 'docker0' }),
          port('eth1', `10.0.1.${end}/24`),
        ],
        { bootId: 'this machine' },
      );
    expect(names(await plan(container('a', 1), container('b', 2)))).toEqual(['eth1 eth1', 'docker0 docker0']);
  });

  test('is the veth that joins both hosts, where one machine has both', async () => {
    const between = (id: string, end: 1 | 2, bootId: string): HostNetwork =>
      host(
        id,
        [
          port('vpn0', `10.8.0.${end}/24`, { kind: 'veth', index: 3, peerIndex: 5 + end }),
          port('eth1', `10.0.1.${end}/24`, { kind: 'veth', index: 10 + end, peerIndex: 13 - end }),
        ],
        { bootId },
      );
    const first = async (one: string, other: string) =>
      names(await plan(between('a', 1, one), between('b', 2, other)))[0];
    expect([await first('this', 'this'), await first('this', 'that')]).toEqual(['eth1 eth1', 'vpn0 vpn0']);
  });

  test('is the one where the destination listens', async () => {
    const planned = await plan(twin('a', 1), twin('b', 2), { wish: { listener: '10.0.2.2' } });
    expect(names(planned)).toEqual(['eth2 eth2', 'eth1 eth1']);
  });
});

describe('two families', () => {
  const mixed = (id: string, end: 1 | 2): HostNetwork =>
    host(id, [gigabit('eth1', `10.0.1.${end}/24`), gigabit('eth2', `fd00:2::${end}/64`)]);

  test('begin with IPv6, which IPv4 can join', async () => {
    expect(names(await plan(mixed('a', 1), mixed('b', 2)))).toEqual(['eth2 eth2', 'eth1 eth1']);
  });

  test('leave IPv6 out where the connection has to begin with IPv4', async () => {
    const there = [{ from: undefined, to: 'fd00:2::2' }];
    const planned = await plan(mixed('a', 1), mixed('b', 2), { there });
    expect([names(planned), reasons(planned)]).toEqual([['eth1 eth1'], ['eth2 eth2 other-family']]);
  });

  test('leave IPv6 out where the destination listens on IPv4', async () => {
    const planned = await plan(mixed('a', 1), mixed('b', 2), { wish: { listener: '0.0.0.0' } });
    expect([names(planned), reasons(planned)]).toEqual([['eth1 eth1'], ['eth2 eth2 not-listened-to']]);
  });

  test('are not mixed where one of them reaches everything', async () => {
    const dual = (id: string, end: 1 | 2): HostNetwork =>
      host(id, [
        gigabit('eth1', [`10.0.1.${end}/24`, `fd00:1::${end}/64`]),
        gigabit('eth2', `fd00:2::${end}/64`),
        gigabit('eth3', [`fd00:3::${end}/64`, `10.0.3.${end}/24`]),
      ]);
    expect(addresses(await plan(dual('a', 1), dual('b', 2)))).toEqual([
      'fd00:1::1 fd00:1::2',
      'fd00:2::1 fd00:2::2',
      'fd00:3::1 fd00:3::2',
    ]);
  });
});

describe('the questions', () => {
  const counted = (kernel: AskRoutes, count: { asked: number }): AskRoutes => {
    return (questions) => {
      count.asked += questions.length;
      return kernel(questions);
    };
  };
  const questionsFor = async (source: HostNetwork, destination: HostNetwork): Promise<number> => {
    const count = { asked: 0 };
    const ask = {
      source: counted(kernelOf(source), count),
      destination: counted(kernelOf(destination), count),
    };
    await planPairs(source, destination, { bindsFirst: false, multipath: true }, ask);
    return count.asked;
  };
  const many = (length: number, make: (index: number) => string): string[] => Array.from({ length }, (_, i) => make(i));
  const octets = (index: number): string => `${index >> 8}.${index & 0xff}`;

  test('are not more for a thousand addresses of an interface that leads nowhere', async () => {
    const services = port(
      'kube-ipvs0',
      many(1000, (index) => `10.96.${octets(index)}/32`),
      { kind: 'dummy' },
    );
    const bare = await questionsFor(twin('a', 1), twin('b', 2));
    expect(await questionsFor(twin('a', 1, services), twin('b', 2, services))).toBe(bare);
  });

  test('are few about a thousand addresses that both hosts have', async () => {
    const services = port(
      'services',
      many(1000, (index) => `10.96.${octets(index)}/32`),
    );
    expect(await questionsFor(twin('a', 1, services), twin('b', 2, services))).toBeLessThan(100);
  });

  test('are few about two ports that share a thousand subnets', async () => {
    const trunk = (end: 1 | 2) =>
      host('x', [
        gigabit(
          'eth1',
          many(1000, (index) => `10.${octets(index)}.${end}/24`),
        ),
      ]);
    expect(await questionsFor(trunk(1), trunk(2))).toBeLessThan(100);
  });

  test('are not more for a thousand addresses in one subnet', async () => {
    const one = (id: string, third: number, length: number) =>
      host(id, [
        gigabit(
          'eth1',
          many(length, (index) => `10.${third}.${octets(index + 1)}/8`),
        ),
      ]);
    expect(await questionsFor(one('a', 1, 1000), one('b', 2, 1000))).toBe(
      await questionsFor(one('a', 1, 1), one('b', 2, 1)),
    );
  });

  test('grow with the interfaces of a host, not with their square', async () => {
    const trunk = (id: string, end: 1 | 2, length: number): HostNetwork =>
      host(
        id,
        Array.from({ length }, (_, index) => gigabit(`eth${index}`, `10.${octets(index)}.${end}/24`)),
      );
    const [some, twice] = [
      await questionsFor(trunk('a', 1, 50), trunk('b', 2, 50)),
      await questionsFor(trunk('a', 1, 100), trunk('b', 2, 100)),
    ];
    expect(twice).toBeLessThanOrEqual(2 * some);
  });

  test('are not asked about all of very many ports in subnets of their own, and that is reported', async () => {
    const ports = Array.from({ length: 20 }, (_, index) => gigabit(`eth${index}`, `10.1.${index}.1/24`));
    const planned = await plan(host('a', ports), host('b', [gigabit('eth0', '10.2.0.2/24')]));
    expect(reasons(planned).filter((reason) => reason.endsWith('not-examined'))).toHaveLength(8);
  });

  test('are few about fifty ports in one subnet', async () => {
    const flat = (id: string, third: number): HostNetwork =>
      host(
        id,
        Array.from({ length: 50 }, (_, index) => gigabit(`eth${index}`, `10.0.${third}.${index + 1}/16`)),
      );
    expect(await questionsFor(flat('a', 1), flat('b', 2))).toBeLessThan(50 * 40);
  });
});

test('whatever the hosts are like, no port is in two paths, and each reason names an interface that is in none', async () => {
  const anyPort = fc.record({
    subnet: fc.integer({ min: 1, max: 4 }),
    family: fc.constantFrom('ipv4', 'ipv6'),
    kind: fc.constantFrom(undefined, 'vlan', 'dummy', 'vxlan', 'bridge'),
    parent: fc.integer({ min: 0, max: 3 }),
    carrier: fc.boolean(),
    speed: fc.constantFrom(undefined, 1e9, 1e10),
  });
  const anyHost = (id: string, end: number) =>
    fc.array(anyPort, { maxLength: 6 }).map((ports) =>
      host(
        id,
        ports.map(({ subnet, family, kind, parent, carrier, speed }, index) =>
          port(
            `eth${index}`,
            family === 'ipv4' ? `10.0.${subnet}.${end + index * 2}/24` : `fd00:${subnet}::${end + index * 2}/64`,
            {
              carrier,
              ...(kind === undefined ? {} : { kind }),
              ...(kind === 'vlan' ? { parent: `eth${parent}` } : {}),
              ...(speed === undefined ? {} : { speedBitsPerSecond: speed }),
            },
          ),
        ),
      ),
    );
  await fc.assert(
    fc.asyncProperty(anyHost('a', 1), anyHost('b', 2), async (source, destination) => {
      const { paths, leftOut } = await plan(source, destination);
      const used = (key: 'sourceInterface' | 'destinationInterface') => paths.map((path) => path[key]);
      for (const key of ['sourceInterface', 'destinationInterface'] as const) {
        expect(new Set(used(key)).size).toBe(paths.length);
      }
      for (const pair of leftOut) {
        const bothUsed =
          paths.some(({ sourceInterface }) => sourceInterface === pair.sourceInterface) &&
          paths.some(({ destinationInterface }) => destinationInterface === pair.destinationInterface);
        expect(bothUsed).toBe(false);
      }
    }),
  );
});
