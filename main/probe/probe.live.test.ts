import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PathProbe } from '#contract/probe.ts';
import { systemClock } from '#main/hosts/clock.ts';
import { LocalHost } from '#main/hosts/local-host.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { middlebox, onLink, whyNoPacketFilter } from '#main/mptcp/fixtures/packet-filter.ts';
import { TwoHosts, whyNoHosts } from '#main/mptcp/fixtures/two-hosts.ts';
import { planPairs } from '#main/mptcp/paths.ts';
import { accept, bind, listen, openSocket, receive } from '#native/socket.ts';
import { probe, type ProbeOrder } from './probe.ts';

const missing = whyNoHosts();
const unfiltered = missing ?? whyNoPacketFilter();
for (const why of new Set([missing, unfiltered])) if (why !== undefined) process.stdout.write(`skipped: ${why}\n`);

const runtimeDirectory = mkdtempSync(join(tmpdir(), 'switchyard-probe-'));
afterAll(() => rmSync(runtimeDirectory, { recursive: true }));

const port = 4444;

describe.skipIf(missing !== undefined)('between two hosts of 2 links', () => {
  let hosts: TwoHosts;
  beforeEach(() => {
    hosts = new TwoHosts();
  });
  afterEach(() => hosts[Symbol.dispose]());

  const hostOf = (name: string): LocalHost => new LocalHost(name, { runtimeDirectory }, namespacePlace(name));

  async function probed(changed: Partial<ProbeOrder> = {}): Promise<readonly PathProbe[]> {
    const [source, destination] = [hostOf(hosts.source), hostOf(hosts.destination)];
    const facts = { source: await source.facts(), destination: await destination.facts() };
    const { paths, routes } = await planPairs(
      facts.source,
      facts.destination,
      { bindsFirst: true, multipath: true, listener: undefined },
      { source: (questions) => source.routes(questions), destination: (questions) => destination.routes(questions) },
    );
    const result = await probe({
      id: '20261122T120250Z-7f3a',
      source,
      destination,
      facts,
      routes,
      paths: paths.toSorted((a, b) => a.sourceInterface.localeCompare(b.sourceInterface)),
      port,
      lastPort: port,
      wantsMptcp: true,
      mayPrepare: true,
      isThorough: false,
      clock: systemClock,
      random: () => randomBytes(32).toString('hex'),
      beforeChanging: () => Promise.resolve(),
      afterRestoring: () => undefined,
      ...changed,
    });
    return result.paths;
  }

  const texts = (paths: readonly PathProbe[]): string[][] =>
    paths.map(({ problems }) => problems.map(({ text }) => text));
  const setting = (): string[] =>
    (['source', 'destination'] as const).map(
      (side) => hosts.ip(side, 'mptcp', 'endpoint') + hosts.ip(side, 'mptcp', 'limits'),
    );

  test('both paths join, and everything that was set for it is as before', async () => {
    const before = setting();
    const paths = await probed();
    expect([
      paths.map(({ reach, protocol, joined, fullSizePackets, pathMtuBytes, problems }) => {
        return { reach, protocol, joined, fullSizePackets, pathMtuBytes, problems };
      }),
      setting(),
    ]).toEqual([
      Array.from({ length: 2 }, () => {
        return {
          reach: 'answered',
          protocol: 'mptcp',
          joined: true,
          fullSizePackets: 'pass',
          pathMtuBytes: 1500,
          problems: [],
        };
      }),
      before,
    ]);
  });

  test('nothing of it is left in either kernel', async () => {
    await probed();
    const left = (['source', 'destination'] as const).map((side) => hosts.run(side, 'ss -Hatn').trim());
    expect(left).toEqual(['', '']);
  });

  test('the port of another program is left alone, and another one is taken', async () => {
    const waiting = await hosts.receive('0.0.0.0', port, 'mptcp');
    const paths = await probed();
    const listens = hosts.run('destination', `ss -Htln sport = :${port}`).trim();
    await waiting.stop();
    expect([paths.every(({ joined }) => joined), listens]).toEqual([true, expect.stringContaining(String(port))]);
  });

  test('an address that the source has too is a stranger, and gets nothing but the call', async () => {
    hosts.ip('source', 'address', 'add', '10.79.2.2/32', 'dev', 'lo');
    hosts.ip('source', 'link', 'set', 'lo', 'up');
    using stranger = namespacePlace(hosts.source).run(() => openSocket('ipv4', 'tcp'));
    bind(stranger, { family: 'ipv4', address: '10.79.2.2', port });
    listen(stranger, 16);
    const paths = await probed({
      paths: [1, 2].map((n) => ({
        sourceInterface: `eth${n}`,
        sourceAddress: `10.79.${n}.1`,
        destinationInterface: `eth${n}`,
        destinationAddress: `10.79.${n}.2`,
        mtu: 1500,
      })),
    });
    const heard: number[] = [];
    for (let caller = accept(stranger); caller; caller = accept(stranger)) {
      using connection = caller.connection;
      heard.push(receive(connection, 1000)?.length ?? 0);
    }
    expect([paths.map(({ reach, joined }) => [reach, joined]), heard]).toEqual([
      [
        ['answered', true],
        ['stranger', false],
      ],
      [32, 32],
    ]);
  });

  test('two paths over one port are found where each is filled alone', async () => {
    for (const [side, end] of [
      ['source', 1],
      ['destination', 2],
    ] as const) {
      for (const n of [1, 2]) {
        hosts.ip(side, 'link', 'add', 'link', 'eth1', 'name', `m${n}`, 'type', 'macvlan', 'mode', 'bridge');
        hosts.ip(side, 'address', 'add', `10.81.${n}.${end}/24`, 'dev', `m${n}`);
        hosts.ip(side, 'link', 'set', `m${n}`, 'up');
      }
    }
    const paths = [1, 2].map((n) => ({
      sourceInterface: `m${n}`,
      sourceAddress: `10.81.${n}.1`,
      destinationInterface: `m${n}`,
      destinationAddress: `10.81.${n}.2`,
      mtu: 1500,
    }));
    expect((await probed({ paths, isThorough: true })).map(({ sharesWith }) => sharesWith)).toEqual([['m2'], ['m1']]);
  });

  describe.skipIf(unfiltered !== undefined)('with a packet filter', () => {
    test.each([
      [
        'drops',
        `tcp dport ${port} drop`,
        'unanswered',
        /A firewall on 10\.79\.2\.1 → 10\.79\.2\.2 drops TCP port 4444/,
      ],
      ['rejects', `tcp dport ${port} reject with tcp reset`, 'refused', /A firewall .* rejects TCP port 4444/],
      [
        'rejects as unreachable',
        `tcp dport ${port} reject with icmpx admin-prohibited`,
        'unreachable',
        /A firewall .* rejects TCP port 4444 as unreachable/,
      ],
      [
        'drops everything',
        'tcp flags & syn == syn drop',
        'unanswered',
        /Nothing answers on 10\.79\.2\.1 → 10\.79\.2\.2, on two ports/,
      ],
    ])(
      'a firewall that %s is named with its port, and the other path is measured',
      async (_what, rule, reach, text) => {
        hosts.filter('destination', onLink('eth2', rule));
        const paths = await probed();
        expect([paths.map((path) => [path.reach, path.joined]), texts(paths)]).toEqual([
          [
            ['answered', true],
            [reach, false],
          ],
          [[], [expect.stringMatching(text)]],
        ]);
      },
    );

    test('where the first path is closed the connection begins on the other one', async () => {
      hosts.filter('destination', onLink('eth1', `tcp dport ${port} drop`));
      const paths = await probed();
      expect(paths.map(({ joined, capacityBitsPerSecond }) => [joined, capacityBitsPerSecond !== undefined])).toEqual([
        [false, false],
        [true, true],
      ]);
    });

    test('an option that is removed on one path is found there', async () => {
      hosts.filter('destination', onLink('eth2', middlebox.strips));
      const paths = await probed();
      expect([paths.map(({ protocol, joined }) => [protocol, joined]), texts(paths)]).toEqual([
        [
          ['mptcp', true],
          ['tcp', false],
        ],
        [[], [expect.stringMatching(/removes TCP option 30/)]],
      ]);
    });

    test('where the option is removed on the first path the connection begins on the other one', async () => {
      hosts.filter('destination', onLink('eth1', middlebox.strips));
      const paths = await probed();
      expect(paths.map(({ protocol, joined }) => [protocol, joined])).toEqual([
        ['tcp', false],
        ['mptcp', true],
      ]);
    });

    test('an option that is removed everywhere leaves plain TCP, which is reported of the connection', async () => {
      hosts.filter('destination', middlebox.strips);
      const paths = await probed();
      expect([paths.map(({ protocol, joined }) => [protocol, joined]), texts(paths)[0]]).toEqual([
        [
          ['tcp', true],
          ['tcp', false],
        ],
        [expect.stringMatching(/removes TCP option 30 from what .* sends/)],
      ]);
    });

    test('packets with the option are dropped: found out, and the kernel does not remember it', async () => {
      hosts.filter('destination', middlebox.drops);
      const paths = await probed();
      const counters = hosts.run('source', 'cat /proc/self/net/netstat');
      const at = (name: string): string | undefined => {
        const [names = [], values = []] = counters
          .split('\n')
          .filter((line) => line.startsWith('MPTcpExt'))
          .map((line) => line.split(' '));
        return values[names.indexOf(name)];
      };
      expect([texts(paths).map(([text]) => text), at('Blackhole') ?? '0']).toEqual([
        Array.from({ length: 2 }, () =>
          expect.stringMatching(/packets that offer MPTCP are dropped, and plain TCP passes/),
        ),
        '0',
      ]);
    });

    test('a path on which only small packets pass is found, and the connection is measured without it', async () => {
      hosts.filter('destination', onLink('eth2', 'meta length > 1300 drop'));
      const paths = await probed();
      expect([paths.map(({ fullSizePackets, joined }) => [fullSizePackets, joined]), texts(paths)]).toEqual([
        [
          ['pass', true],
          ['lost', false],
        ],
        [[], [expect.stringMatching(/small packets pass and full-size ones of 1500 bytes do not/)]],
      ]);
    });
  });
});
