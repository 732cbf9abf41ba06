import { describe, expect, test } from 'vitest';
import type { MptcpEndpoint, MptcpFacts, NetworkInterface } from '#contract/host.ts';
import type { Path } from '#contract/migration.ts';
import type { MptcpCounters } from '#main/mptcp/counters.ts';
import { diagnose } from './diagnose.ts';
import type { ConnectionEvidence, Evidence, SubflowEvidence } from './evidence.ts';

const paths: readonly Path[] = [path(1), path(2)];

function path(n: number): Path {
  return {
    sourceInterface: `a${n}`,
    sourceAddress: `10.77.${n}.1`,
    destinationInterface: `b${n}`,
    destinationAddress: `10.77.${n}.2`,
    mtu: 1500,
  };
}

function link(name: string, address: string): NetworkInterface {
  return { name, index: 1, up: true, carrier: true, mtu: 1500, addresses: [{ address, prefixLength: 24 }] };
}

const announced: MptcpEndpoint = { id: 4, address: '10.77.2.2', interface: 'b2', flags: ['signal'] };
const on: SubflowEvidence = { localAddress: '10.77.1.1', remoteAddress: '10.77.1.2', interface: 'a1', state: 'active' };
const second: SubflowEvidence = { ...on, localAddress: '10.77.2.1', remoteAddress: '10.77.2.2', interface: 'a2' };
const ends = { localAddress: '10.77.2.1', remoteAddress: '10.77.2.2' };

interface Story {
  readonly source?: MptcpCounters;
  readonly destination?: MptcpCounters;
  readonly sourceFacts?: Partial<MptcpFacts>;
  readonly destinationFacts?: Partial<MptcpFacts>;
  readonly connection?: Partial<ConnectionEvidence>;
  readonly listener?: Partial<Evidence['listener']>;
  /** Changes to the second interface of the destination. */
  readonly link?: Partial<NetworkInterface>;
}

/** Two paths, everything set up well, one subflow; a story changes what it is about. */
function evidence(story: Story): Evidence {
  const { source, destination, sourceFacts, destinationFacts, connection, listener } = story;
  const facts: MptcpFacts = {
    usable: true,
    sysctls: { 'mptcp/blackhole_timeout': '3600', 'mptcp/path_manager': 'kernel' },
    endpoints: [],
    limits: { subflows: 4, addAddrAccepted: 4 },
    counters: {},
  };
  return {
    paths,
    listener: { address: '0.0.0.0', port: 4444, mptcp: true, ...listener },
    connection: {
      protocol: 'mptcp',
      fallback: false,
      wasMptcp: true,
      subflows: [on],
      closed: [],
      stalledMs: 0,
      ...connection,
    },
    source: {
      host: {
        id: 'left',
        interfaces: [link('a1', '10.77.1.1'), link('a2', '10.77.2.1')],
        mptcp: { ...facts, ...sourceFacts },
      },
      changes: { MPCapableSYNTX: 1, ...source },
    },
    destination: {
      host: {
        id: 'right',
        interfaces: [link('b1', '10.77.1.2'), { ...link('b2', '10.77.2.2'), ...story.link }],
        mptcp: { ...facts, endpoints: [announced], ...destinationFacts },
      },
      changes: { MPCapableSYNRX: 1, ...destination },
    },
  };
}

const verdicts = (story: Story): unknown[] =>
  diagnose(evidence(story)).map(({ kind, side, command }) => [kind, side, ...(command === undefined ? [] : [command])]);

const fellBack = { protocol: 'tcp', fallback: true, wasMptcp: false } as const;
const forget = 'sysctl -w net.mptcp.blackhole_timeout=3600';

describe('a connection that is TCP', () => {
  test.each<[string, Story, unknown[]]>([
    [
      'because MPTCP is switched off on the destination',
      {
        connection: fellBack,
        source: { MPCapableFallbackSYNACK: 1 },
        destinationFacts: { usable: false, reason: 'MPTCP is switched off.', remedy: 'sysctl -w net.mptcp.enabled=1' },
      },
      ['kernel-without-mptcp', 'destination', 'sysctl -w net.mptcp.enabled=1'],
    ],
    [
      'because the source cannot',
      { connection: { ...fellBack, fallback: false }, sourceFacts: { usable: false } },
      ['kernel-without-mptcp', 'source'],
    ],
    [
      'because QEMU listens without it',
      {
        connection: fellBack,
        listener: { mptcp: false },
        source: { MPCapableFallbackSYNACK: 1 },
        destination: { MPCapableSYNRX: 0 },
      },
      ['destination-not-mptcp', 'destination'],
    ],
    [
      'because QEMU connected without it',
      {
        connection: { ...fellBack, fallback: false },
        source: { MPCapableSYNTX: 0 },
        destination: { MPCapableSYNRX: 0 },
      },
      ['source-not-mptcp', 'source'],
    ],
    [
      'because its offer was stripped',
      { connection: fellBack, source: { MPCapableFallbackSYNACK: 1 }, destination: { MPCapableSYNRX: 0 } },
      ['options-stripped', 'source'],
    ],
    [
      'because the answer was stripped',
      {
        connection: fellBack,
        source: { MPCapableFallbackSYNACK: 1 },
        destination: { MPCapableSYNRX: 1, MPCapableFallbackACK: 1 },
      },
      ['options-stripped', 'destination'],
    ],
    [
      'since its first data, which was stripped',
      {
        connection: { ...fellBack, wasMptcp: true },
        source: { MPCapableSYNACKRX: 1, MPCapableDataFallback: 1 },
        destination: { MPCapableFallbackACK: 1 },
      },
      ['options-stripped-from-data', 'source'],
    ],
    [
      'because a firewall dropped its first packets',
      {
        connection: fellBack,
        source: { MPCapableSYNTXDrop: 1, Blackhole: 1 },
        destination: { MPCapableSYNRX: 0 },
      },
      ['first-packet-dropped', 'source', forget],
    ],
    [
      'because a firewall did so before',
      {
        connection: fellBack,
        source: { MPCapableSYNTX: 0, MPCapableSYNTXDisabled: 1 },
        destination: { MPCapableSYNRX: 0 },
      },
      ['blackhole-remembered', 'source', forget],
    ],
  ])('%s', (_, story, verdict) => {
    expect(verdicts(story)).toEqual([verdict]);
  });

  test('for no reason that the kernels know is left unexplained', () => {
    expect(verdicts({ connection: fellBack, source: { MPCapableSYNTX: 1 } })).toEqual([]);
  });

  test('is told in one sentence that names the host', () => {
    const [finding] = diagnose(evidence({ connection: fellBack, listener: { mptcp: false } }));
    expect(finding?.sentence).toBe('The QEMU on right listens without MPTCP: its address must end in ",mptcp=on".');
  });
});

describe('an MPTCP connection', () => {
  test('that uses every path is well', () => {
    expect(verdicts({ connection: { subflows: [on, second] } })).toEqual([]);
  });

  test('that stands still while its peer has gone over to TCP can not be saved', () => {
    expect(
      verdicts({ connection: { stalledMs: 3000 }, source: { MPTCPRetrans: 1603 }, destination: { DssFallback: 1 } }),
    ).toEqual([['options-stripped-later', 'source']]);
  });

  test.each<[string, Story, unknown[]]>([
    [
      'because nothing is announced',
      { destinationFacts: { endpoints: [] } },
      ['nothing-announced', 'destination', 'ip mptcp endpoint add 10.77.2.2 dev b2 signal'],
    ],
    [
      'because nothing is announced and QEMU listens on one address',
      { destinationFacts: { endpoints: [] }, listener: { address: '10.77.1.2' } },
      ['nothing-announced', 'destination', 'ip mptcp endpoint add 10.77.2.2 dev b2 signal port 4444'],
    ],
    [
      'because its address is kept for the connections of the destination',
      {
        destinationFacts: { endpoints: [{ ...announced, flags: ['subflow'] }] },
        destination: { MPJoinSynTxCreatSkErr: 1 },
      },
      [
        'announced-as-subflow',
        'destination',
        'ip mptcp endpoint delete id 4 && ip mptcp endpoint add 10.77.2.2 dev b2 signal',
      ],
    ],
    ['because the announcement never came', { destination: { AddAddrTx: 1 } }, ['announcement-lost', 'source']],
    [
      'because the source accepts no announced address',
      { source: { AddAddr: 1 }, sourceFacts: { limits: { subflows: 2, addAddrAccepted: 0 } } },
      ['source-limits', 'source', 'ip mptcp limits set subflows 2 add_addr_accepted 1'],
    ],
    [
      'because the source allows no further subflow',
      { source: { AddAddr: 1 }, sourceFacts: { limits: { subflows: 0, addAddrAccepted: 4 } } },
      ['source-limits', 'source', 'ip mptcp limits set subflows 1 add_addr_accepted 4'],
    ],
    [
      'because the destination allows no further subflow',
      { destination: { MPJoinRejected: 1 }, destinationFacts: { limits: { subflows: 0, addAddrAccepted: 3 } } },
      ['destination-limits', 'destination', 'ip mptcp limits set subflows 1 add_addr_accepted 3'],
    ],
    [
      'because a subflow was turned away at once',
      { connection: { closed: [{ ...ends, errno: undefined, livedMs: 1 }] }, destination: { MPJoinRejected: 1 } },
      ['destination-limits', 'destination', 'ip mptcp limits set subflows 4 add_addr_accepted 4'],
    ],
    [
      'because QEMU listens on one address',
      { connection: { closed: [{ ...ends, errno: 111, livedMs: undefined }] }, listener: { address: '10.77.1.2' } },
      ['listener-on-one-address', 'destination', 'ip mptcp endpoint add 10.77.2.2 dev b2 signal port 4444'],
    ],
    [
      'because its joins vanish',
      { connection: { subflows: [on, { ...second, state: 'joining' }] } },
      ['join-dropped', 'destination', 'iptables -I INPUT -i b2 -p tcp --dport 4444 -j ACCEPT'],
    ],
    [
      'because its joins vanished until the kernel gave up',
      { connection: { closed: [{ ...ends, errno: 110, livedMs: undefined }] } },
      ['join-dropped', 'destination', 'iptables -I INPUT -i b2 -p tcp --dport 4444 -j ACCEPT'],
    ],
    [
      'because the way is unknown',
      { connection: { closed: [{ ...ends, errno: 113, livedMs: undefined }] } },
      ['join-without-route', 'source', 'ip route get 10.77.2.2 from 10.77.2.1'],
    ],
    [
      'because the path resets it',
      { connection: { closed: [{ ...ends, errno: 104, livedMs: 9000 }] }, destination: { MPRstTx: 1 } },
      ['path-reset', 'source'],
    ],
    [
      'because nothing comes back although its link is up',
      { connection: { subflows: [on, { ...second, state: 'stale' }] }, source: { SubflowStale: 1 } },
      ['path-down', 'destination', 'ip mptcp endpoint delete id 4 && ip mptcp endpoint add 10.77.2.2 dev b2 signal'],
    ],
    [
      'because its link is switched off',
      { connection: { subflows: [on, { ...second, state: 'failing' }] }, link: { up: false, carrier: false } },
      ['link-down', 'destination', 'ip link set b2 up'],
    ],
    ['because its cable is out', { link: { carrier: false } }, ['link-down', 'destination']],
    [
      'because another program is to make its paths',
      { sourceFacts: { sysctls: { 'mptcp/path_manager': 'userspace' } } },
      ['userspace-path-manager', 'source', 'sysctl -w net.mptcp.path_manager=kernel'],
    ],
    [
      'because another program is to make its paths, as older kernels say it',
      { destinationFacts: { sysctls: { 'mptcp/pm_type': '1' } } },
      ['userspace-path-manager', 'destination', 'sysctl -w net.mptcp.pm_type=0'],
    ],
  ])('uses one of two paths %s', (_, story, verdict) => {
    expect(verdicts(story)).toEqual([verdict]);
  });

  describe('whose source joins by itself, over the other link', () => {
    const crossing = { localAddress: '10.77.2.1', remoteAddress: '10.77.1.2', state: 'joining' } as const;
    const own: MptcpEndpoint = { id: 1, address: '10.77.2.1', interface: 'a2', flags: ['subflow'] };
    const story = (sysctls: object, destinationSysctls: object = {}): Story => ({
      connection: { subflows: [on, crossing] },
      sourceFacts: { endpoints: [own], sysctls: { ...sysctls } },
      destinationFacts: { endpoints: [], sysctls: { ...destinationSysctls } },
    });

    test('is filtered by a strict reverse path filter', () => {
      expect(verdicts(story({ 'ipv4/conf/all/rp_filter': '0', 'ipv4/conf/a2/rp_filter': '1' }))).toEqual([
        ['join-filtered-by-source', 'source', 'sysctl -w net.ipv4.conf.a2.rp_filter=2'],
      ]);
    });

    test('is not filtered by a loose one', () => {
      expect(verdicts(story({ 'ipv4/conf/all/rp_filter': '2', 'ipv4/conf/a2/rp_filter': '1' }))).toEqual([
        ['join-dropped', 'destination', 'iptables -I INPUT -i b1 -p tcp --dport 4444 -j ACCEPT'],
      ]);
    });

    test('is not answered where each interface answers for its own addresses only', () => {
      expect(verdicts(story({}, { 'ipv4/conf/all/arp_ignore': '1' }))).toEqual([
        ['join-unanswered-by-neighbour', 'destination', 'sysctl -w net.ipv4.conf.all.arp_ignore=0'],
      ]);
    });

    test('is refused where joins to the first address are forbidden', () => {
      const forbidden = story({}, { 'mptcp/allow_join_initial_addr_port': '0' });
      expect(verdicts({ ...forbidden, connection: { subflows: [on] } })).toEqual([
        ['joins-denied', 'destination', 'sysctl -w net.mptcp.allow_join_initial_addr_port=1'],
      ]);
    });
  });

  test('with several causes is told all of them, settings first, each path once', () => {
    const refused = { ...ends, errno: 111, livedMs: undefined };
    expect(
      verdicts({
        connection: { closed: [refused, refused] },
        sourceFacts: { limits: { subflows: 0, addAddrAccepted: 0 } },
        listener: { address: '10.77.1.2' },
      }).map((verdict) => Array.isArray(verdict) && String(verdict[0])),
    ).toEqual(['source-limits', 'listener-on-one-address']);
  });
});
