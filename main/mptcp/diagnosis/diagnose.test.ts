import { describe, expect, test } from 'vitest';
import type { MptcpEndpoint, MptcpFacts, NetworkInterface } from '#contract/host.ts';
import type { Path } from '#contract/migration.ts';
import type { MptcpCounters } from '#main/mptcp/counters.ts';
import { diagnose } from './diagnose.ts';
import type { ConnectionEvidence, Evidence, SubflowEvidence } from './evidence.ts';
import { announceFirstAgainCommand } from './missing-path.ts';

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
      bytesUnconfirmed: 0,
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
      'because its offer was not answered once, which nothing remembers',
      { connection: fellBack, source: { MPCapableSYNTXDrop: 1 }, destination: { MPCapableSYNRX: 0 } },
      ['first-packet-dropped', 'source'],
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

  test('is reported in one sentence that names the host', () => {
    const [finding] = diagnose(evidence({ connection: fellBack, listener: { mptcp: false } }));
    expect(finding?.sentence).toBe('The QEMU on right listens without MPTCP: its address must end in ",mptcp=on".');
  });
});

describe('an MPTCP connection', () => {
  test('that uses every path is well', () => {
    expect(verdicts({ connection: { subflows: [on, second] } })).toEqual([]);
  });

  // Counters as recorded on Linux 6.18.
  test.each<[string, Story, unknown[]]>([
    [
      'because its peer has gone over to TCP',
      {
        connection: { stalledMs: 4270 },
        source: { MPTCPRetrans: 155 },
        destination: { MPCapableACKRX: 1, DssFallback: 1 },
      },
      ['options-stripped-later', 'source'],
    ],
    [
      'because its peer has ended every subflow',
      {
        connection: {
          subflows: [],
          closed: [
            { ...ends, errno: 104, livedMs: 531 },
            { localAddress: '10.77.1.1', remoteAddress: '10.77.1.2', errno: 104, livedMs: undefined },
          ],
          stalledMs: 4274,
        },
        source: { MPJoinSynAckRx: 1, MPJoinSynTx: 1, AddAddr: 1, EchoAddTx: 1 },
        destination: { MPJoinSynRx: 1, MPJoinAckRx: 1, AddAddrTx: 1, EchoAdd: 1, MPRstTx: 2 },
      },
      ['options-stripped-later', 'source'],
    ],
    [
      'because what acknowledges its data is stripped',
      {
        connection: { subflows: [on, second], stalledMs: 3356, bytesUnconfirmed: 1_800_000 },
        source: { MPTCPRetrans: 143, MPJoinSynAckRx: 1, MPJoinSynTx: 1, AddAddr: 1, EchoAddTx: 1 },
        destination: { MPJoinSynRx: 1, MPJoinAckRx: 1, DuplicateData: 143, AddAddrTx: 1, EchoAdd: 1 },
      },
      ['options-stripped-later', 'destination'],
    ],
  ])('stands still %s', (_, story, verdict) => {
    expect(verdicts(story)).toEqual([verdict]);
  });

  test('that stands still because the other end does not read is not called stripped', () => {
    const waits = { subflows: [on, second], stalledMs: 5000 };
    expect(verdicts({ connection: waits, source: { MPTCPRetrans: 3 }, destination: { DuplicateData: 490 } })).toEqual(
      [],
    );
  });

  test('that stands still because all its links are cut is not called stripped', () => {
    const cut = { ...on, state: 'failing' } as const;
    const kinds = diagnose(
      evidence({
        connection: { subflows: [cut, { ...second, state: 'stale' }], stalledMs: 5000, bytesUnconfirmed: 90_000 },
        source: { MPTCPRetrans: 30 },
      }),
    ).map(({ kind }) => kind);
    expect(kinds).toEqual(['path-down', 'path-down']);
  });

  test('that waits for what a silent path has lost is not called stripped', () => {
    const waiting = {
      subflows: [on, { ...second, state: 'stale' as const }],
      stalledMs: 400,
      bytesUnconfirmed: 90_000,
    };
    expect(verdicts({ connection: waiting, source: { MPTCPRetrans: 2, SubflowStale: 1 } })).toEqual([
      [
        'path-down',
        'destination',
        'ip mptcp endpoint delete id 4 && sleep 1 && ip mptcp endpoint add 10.77.2.2 dev b2 signal',
      ],
    ]);
  });

  test('that has ended gets no findings about paths', () => {
    expect(verdicts({ connection: { subflows: [] }, destination: { AddAddrTx: 1 }, source: { AddAddr: 1 } })).toEqual(
      [],
    );
  });

  test('whose peer died is not called stripped', () => {
    const dead = { subflows: [], closed: [{ ...ends, errno: 104, livedMs: 900 }] };
    const kinds = diagnose(
      evidence({ connection: dead, source: { MPFastcloseRx: 1 }, destination: { MPRstTx: 1, MPFastcloseTx: 1 } }),
    ).map(({ kind }) => kind);
    expect(kinds).not.toContain('options-stripped-later');
  });

  test.each<[string, Story, unknown[]]>([
    [
      'because nothing is announced',
      { destinationFacts: { endpoints: [] } },
      ['nothing-announced', 'destination', 'ip mptcp endpoint add 10.77.2.2 dev b2 signal'],
    ],
    [
      'because nothing is announced, and there is room for no ninth endpoint',
      {
        destinationFacts: {
          endpoints: Array.from({ length: 8 }, (_, index): MptcpEndpoint => {
            return { id: index + 1, address: `192.0.2.${index}`, flags: ['backup'] };
          }),
        },
      },
      ['nothing-announced', 'destination', 'ip mptcp endpoint show'],
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
    ['because the announcement never came', { destination: { AddAddrTx: 4 } }, ['announcement-lost', 'source']],
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
      ['destination-limits', 'destination', 'ip mptcp limits set subflows 8 add_addr_accepted 4'],
    ],
    [
      'because subflows that were reset are still counted, and there is no higher limit',
      { destination: { MPJoinRejected: 1 }, destinationFacts: { limits: { subflows: 8, addAddrAccepted: 3 } } },
      ['destination-limits', 'destination'],
    ],
    [
      'because QEMU listens on one address',
      { connection: { closed: [{ ...ends, errno: 111, livedMs: undefined }] }, listener: { address: '10.77.1.2' } },
      ['listener-on-one-address', 'destination', 'ip mptcp endpoint add 10.77.2.2 dev b2 signal port 4444'],
    ],
    [
      'because a firewall answers as a closed port does',
      {
        connection: { closed: [{ ...ends, errno: 111, livedMs: undefined }] },
        source: { MPJoinSynTx: 1, AddAddr: 1, EchoAddTx: 1 },
        destination: { AddAddrTx: 1, EchoAdd: 1 },
      },
      ['join-rejected', 'destination', 'iptables -I INPUT -i b2 -p tcp --dport 4444 -j ACCEPT'],
    ],
    [
      'because a firewall says that this is prohibited',
      {
        connection: { closed: [{ ...ends, errno: 113, livedMs: undefined }] },
        source: { MPJoinSynTx: 1, AddAddr: 1, EchoAddTx: 1 },
        destination: { AddAddrTx: 1, EchoAdd: 1 },
      },
      ['join-rejected', 'destination', 'iptables -I INPUT -i b2 -p tcp --dport 4444 -j ACCEPT'],
    ],
    [
      'because the answers to its joins vanish',
      {
        connection: { subflows: [on, { ...second, state: 'joining' }] },
        source: { MPJoinSynTx: 1, AddAddr: 1, EchoAddTx: 1 },
        destination: { MPJoinSynRx: 1, AddAddrTx: 1, EchoAdd: 1 },
      },
      ['join-dropped', 'source', 'iptables -I INPUT -i a2 -p tcp --sport 4444 -j ACCEPT'],
    ],
    [
      'because its joins, or the answers, are stripped',
      {
        connection: { closed: [{ ...ends, errno: undefined, livedMs: undefined }] },
        source: { MPJoinSynTx: 1, AddAddr: 1, EchoAddTx: 1, MPRstTx: 1 },
        destination: { AddAddrTx: 1, EchoAdd: 1 },
      },
      ['join-stripped', 'source'],
    ],
    [
      'because the last packet of its joins is stripped',
      {
        connection: { closed: [{ ...ends, errno: undefined, livedMs: 0.08 }] },
        source: { MPJoinSynTx: 1, MPJoinSynAckRx: 1, AddAddr: 1, EchoAddTx: 1, MPRstTx: 1 },
        destination: { MPJoinSynRx: 1, AddAddrTx: 1, EchoAdd: 1 },
      },
      ['join-stripped', 'source'],
    ],
    [
      'because the source has no route there',
      { source: { MPJoinSynTxConnectErr: 1, AddAddr: 1, EchoAddTx: 1 }, destination: { AddAddrTx: 1, EchoAdd: 1 } },
      ['join-without-route', 'source', 'ip route replace 10.77.2.2 dev a2 src 10.77.2.1'],
    ],
    [
      'because the source reaches both addresses by one link',
      { connection: { subflows: [on, { ...on, remoteAddress: '10.77.2.2' }] }, source: { AddAddr: 1 } },
      ['join-on-another-link', 'source', 'ip route replace 10.77.2.2 dev a2 src 10.77.2.1'],
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
      'because a router does not know the way',
      { connection: { closed: [{ ...ends, errno: 101, livedMs: undefined }] } },
      ['join-without-route', 'source', 'ip route get 10.77.2.2 from 10.77.2.1'],
    ],
    [
      'because the path resets it',
      { connection: { closed: [{ ...ends, errno: 104, livedMs: 9000 }] }, destination: { MPRstTx: 1 } },
      [
        'path-reset',
        'destination',
        'ip mptcp endpoint delete id 4 && sleep 1 && ip mptcp endpoint add 10.77.2.2 dev b2 signal',
      ],
    ],
    [
      'because nothing comes back although its link is up',
      { connection: { subflows: [on, { ...second, state: 'stale' }] }, source: { SubflowStale: 1 } },
      [
        'path-down',
        'destination',
        'ip mptcp endpoint delete id 4 && sleep 1 && ip mptcp endpoint add 10.77.2.2 dev b2 signal',
      ],
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

  describe('that has lost its first path, which needed no announcement,', () => {
    const first = { localAddress: '10.77.1.1', remoteAddress: '10.77.1.2' };

    test('gets the command that announces it, once it was reset', () => {
      expect(
        verdicts({
          connection: { subflows: [second], closed: [{ ...first, errno: 104, livedMs: undefined }] },
          destination: { MPRstTx: 1 },
        }),
      ).toEqual([
        [
          'path-reset',
          'destination',
          'ip mptcp endpoint add 10.77.1.2 dev b1 signal backup && sleep 1 && ip mptcp endpoint change 10.77.1.2 nobackup',
        ],
      ]);
    });

    test('gets the command that announces it again, as a backup where it was one', () => {
      const commandFor = (flags: MptcpEndpoint['flags']): string =>
        announceFirstAgainCommand(
          {
            sourceInterface: 'a1',
            sourceAddress: '10.77.1.1',
            destinationInterface: 'b1',
            destinationAddress: '10.77.1.2',
            mtu: 1500,
          },
          { id: 2, address: '10.77.1.2', interface: 'b1', flags, port: 4444 },
        );
      expect([commandFor(['signal']), commandFor(['signal', 'backup'])]).toEqual([
        'ip mptcp endpoint delete id 2 && sleep 1 && ip mptcp endpoint add 10.77.1.2 dev b1 signal backup port 4444 && sleep 1 && ip mptcp endpoint change 10.77.1.2 port 4444 nobackup',
        'ip mptcp endpoint delete id 2 && sleep 1 && ip mptcp endpoint add 10.77.1.2 dev b1 signal backup port 4444',
      ]);
    });

    test('waits, while the kernel still tries it', () => {
      expect(verdicts({ connection: { subflows: [{ ...on, state: 'stale' }, second] } })).toEqual([
        ['path-down', 'destination'],
      ]);
    });
  });

  test('with a subflow that was reset and has come back gets no finding about it', () => {
    const reset = { ...ends, errno: 104, livedMs: 9000 };
    const third = path(3);
    expect(
      diagnose({
        ...evidence({ connection: { subflows: [on, second], closed: [reset] } }),
        paths: [...paths, third],
      }).map(({ kind }) => kind),
    ).toEqual(['nothing-announced']);
  });

  describe('whose source joins by itself, over the other link', () => {
    const crossing = { localAddress: '10.77.2.1', remoteAddress: '10.77.1.2', state: 'joining' } as const;
    const own: MptcpEndpoint = { id: 1, address: '10.77.2.1', interface: 'a2', flags: ['subflow'] };
    const story = (sysctls: object, destinationSysctls: object = {}): Story => ({
      connection: { subflows: [on, crossing] },
      // As the kernel has them: what is not announced need not be accepted.
      sourceFacts: { endpoints: [own], sysctls: { ...sysctls }, limits: { subflows: 2, addAddrAccepted: 0 } },
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

    test('is filtered by the destination where its routes send it over the first link', () => {
      const { interface: _none, ...unbound } = own;
      const unboundStory = story({}, { 'ipv4/conf/all/rp_filter': '1' });
      expect(verdicts({ ...unboundStory, sourceFacts: { ...unboundStory.sourceFacts, endpoints: [unbound] } })).toEqual(
        [['join-filtered-by-destination', 'destination', 'sysctl -w net.ipv4.conf.b1.rp_filter=2']],
      );
    });

    test('is not filtered by a strict destination that it reaches over its own link', () => {
      expect(verdicts(story({}, { 'ipv4/conf/all/rp_filter': '1' })).flat()).toContain('join-dropped');
    });

    test('reports that the limit for further subflows is too low, and nothing of announcements', () => {
      const tooLow = story({});
      const limits = { subflows: 0, addAddrAccepted: 0 };
      expect(
        diagnose(
          evidence({ ...tooLow, connection: { subflows: [on] }, sourceFacts: { ...tooLow.sourceFacts, limits } }),
        ),
      ).toEqual([
        {
          kind: 'source-limits',
          side: 'source',
          sentence: 'left allows 0 further subflows; 2 paths need 1.',
          command: 'ip mptcp limits set subflows 1 add_addr_accepted 0',
        },
      ]);
    });

    test('is not answered where each interface answers for its own addresses only', () => {
      expect(verdicts(story({}, { 'ipv4/conf/all/arp_ignore': '1' }))).toEqual([
        ['join-unanswered-by-neighbour', 'destination', 'sysctl -w net.ipv4.conf.all.arp_ignore=0'],
      ]);
    });

    test('is not answered where the interface that is asked answers for its own addresses only', () => {
      expect(verdicts(story({}, { 'ipv4/conf/all/arp_ignore': '0', 'ipv4/conf/b2/arp_ignore': '1' }))).toEqual([
        ['join-unanswered-by-neighbour', 'destination', 'sysctl -w net.ipv4.conf.b2.arp_ignore=0'],
      ]);
    });

    test('is refused where joins to the first address are forbidden', () => {
      const forbidden = story({}, { 'mptcp/allow_join_initial_addr_port': '0' });
      expect(verdicts({ ...forbidden, connection: { subflows: [on] } })).toEqual([
        ['joins-denied', 'destination', 'sysctl -w net.mptcp.allow_join_initial_addr_port=1'],
      ]);
    });
  });

  describe('whose second path leads nowhere', () => {
    const kinds = (errno: number, unansweredNeighbours: readonly string[]): unknown[] =>
      diagnose({
        ...evidence({ connection: { closed: [{ ...ends, errno, livedMs: undefined }] } }),
        unansweredNeighbours,
      }).map(({ kind, side }) => [kind, side]);

    test.each([
      ['is unreachable', 113],
      ['times out', 110],
    ])('names the link, and no firewall, where no machine answers for its address and the join %s', (_, errno) => {
      expect(kinds(errno, ['10.77.2.2'])).toEqual([['join-without-neighbour', 'source']]);
    });

    test('names a firewall where a machine answers for its address', () => {
      expect([kinds(113, []), kinds(110, ['10.77.3.2'])]).toEqual([
        [['join-rejected', 'destination']],
        [['join-dropped', 'destination']],
      ]);
    });

    test('says on which link no machine answers', () => {
      const [finding] = diagnose({
        ...evidence({ connection: { closed: [{ ...ends, errno: 113, livedMs: undefined }] } }),
        unansweredNeighbours: ['10.77.2.2'],
      });
      expect(finding?.sentence).toBe(
        'No machine answers for 10.77.2.2 on a2 of left: that link does not lead to right. Check cables, switch ports and VLANs.',
      );
    });
  });

  describe('with a link that is down', () => {
    test('reports nothing else of that path', () => {
      const joining = { ...second, state: 'joining' } as const;
      const closed = [{ ...ends, errno: 110, livedMs: undefined }];
      expect(
        verdicts({
          link: { carrier: false },
          destinationFacts: { endpoints: [] },
          source: { MPRstTx: 1 },
          connection: { subflows: [on, joining], closed },
        }),
      ).toEqual([['link-down', 'destination']]);
    });

    test.each<[string, Partial<ConnectionEvidence>, MptcpCounters]>([
      ['hangs', { subflows: [on, second], stalledMs: 5000, bytesUnconfirmed: 1000 }, { MPTCPRetrans: 3 }],
      ['has lost its paths', { subflows: [], closed: [{ ...ends, errno: 104, livedMs: 9000 }] }, {}],
      ['is TCP', { protocol: 'tcp', fallback: true, wasMptcp: true }, { MPCapableDataFallback: 1 }],
    ])('on every path, a connection that %s has no other cause', (_, connection, source) => {
      const all = evidence({ connection, source, destination: { DssFallback: 1, MPRstTx: 1 }, link: { up: false } });
      const interfaces = all.source.host.interfaces.map((each) => ({ ...each, carrier: false }));
      const cut = { ...all, source: { ...all.source, host: { ...all.source.host, interfaces } } };
      expect(diagnose(cut).map(({ kind, side, sentence }) => [kind, side, sentence])).toEqual([
        ['link-down', 'source', expect.stringContaining('a1 of left has no link')],
        ['link-down', 'destination', expect.stringContaining('b2 of right is down')],
      ]);
    });
  });

  test('with several causes reports all of them, settings first, each path once', () => {
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
