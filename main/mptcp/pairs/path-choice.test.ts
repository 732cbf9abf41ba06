import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { PathChoice } from '#contract/path-choice.ts';
import { planPairs, type PlannedPairs } from '#main/mptcp/paths.ts';
import { gigabit, host, kernelOf, port, type Routing } from './testing/kernel.ts';

/** Three ports each, in subnets of their own, and a bridge of containers on the source, which reaches nothing. */
const alpha = host('alpha', [
  gigabit('eth1', '10.0.1.1/24'),
  gigabit('eth2', ['10.0.2.1/24', 'fd00:2::1/64']),
  port('eth3', '10.0.3.1/24', { speedBitsPerSecond: 1e8, linkBitsPerSecond: 1e8, mtu: 9000 }),
  port('wg0', '10.9.0.1/24', { kind: 'wireguard' }),
  port('docker0', '172.17.0.1/16', { kind: 'bridge' }),
]);
const beta = host('beta', [
  gigabit('eth1', '10.0.1.2/24'),
  gigabit('eth2', ['10.0.2.2/24', 'fd00:2::2/64']),
  port('ens9', '10.0.3.2/24', { speedBitsPerSecond: 1e8, linkBitsPerSecond: 1e8, mtu: 9000 }),
  port('wg0', '10.9.0.2/24', { kind: 'wireguard' }),
]);

function plan(choice?: PathChoice, there: readonly Routing[] = []): Promise<PlannedPairs> {
  const ask = { source: kernelOf(alpha, there), destination: kernelOf(beta) };
  return planPairs(alpha, beta, { bindsFirst: false, multipath: true, choice }, ask);
}

const names = ({ paths }: PlannedPairs): string[] => paths.map((path) => path.sourceInterface);
/** In the order of the interfaces. */
const excluded = ({ leftOut }: PlannedPairs) =>
  leftOut
    .flatMap((pair) => (pair.reason === 'excluded-by-operator' ? [pair.sourceInterface ?? ''] : []))
    .toSorted((one, other) => one.localeCompare(other));

describe('the operator chooses', () => {
  test.each<[string, PathChoice | undefined, string[], string[]]>([
    ['nothing', undefined, ['eth1', 'eth2', 'eth3'], []],
    ['two interfaces of the source', { only: ['eth1', 'eth3'] }, ['eth1', 'eth3'], ['eth2']],
    ['an interface of the destination by its side', { only: ['destination:ens9'] }, ['eth3'], ['eth1', 'eth2']],
    ['one that the source does not have', { only: ['ens9'] }, ['eth3'], ['eth1', 'eth2']],
    ['an address of the source', { only: ['10.0.2.1'] }, ['eth2'], ['eth1', 'eth3']],
    ['an address, whose interface has another', { without: ['10.0.2.2'] }, ['eth2', 'eth1', 'eth3'], ['eth2']],
    ['a pair', { without: ['eth3/ens9'] }, ['eth1', 'eth2'], ['eth3']],
    ['a pair of addresses', { only: ['10.0.1.1/10.0.1.2'] }, ['eth1'], ['eth2', 'eth3']],
    ['what is to be left out', { without: ['eth1', 'source:eth3'] }, ['eth2'], ['eth1', 'eth3']],
    ['what is no path anyway', { without: ['docker0'] }, ['eth1', 'eth2', 'eth3'], []],
    ['the first', { first: 'eth3' }, ['eth3', 'eth1', 'eth2'], []],
    ['the first of some', { only: ['eth1', 'eth2'], first: 'eth2' }, ['eth2', 'eth1'], ['eth3']],
  ])('%s', async (_, choice, paths, left) => {
    const planned = await plan(choice);
    expect([names(planned), excluded(planned), planned.unmet]).toEqual([paths, left, []]);
  });

  test('and what shares a port with an excluded path is not reported as without a counterpart', async () => {
    const vlan = { kind: 'vlan', parent: 'eth1' };
    const [source, destination] = [alpha, beta].map((each, index) => ({
      ...each,
      interfaces: [...each.interfaces, gigabit('eth1.20', `10.0.20.${index + 1}/24`, vlan)],
    }));
    if (!source || !destination) throw new Error('there are two hosts');
    const ask = { source: kernelOf(source), destination: kernelOf(destination) };
    const { leftOut } = await planPairs(
      source,
      destination,
      { bindsFirst: false, multipath: true, choice: { only: ['eth2'] } },
      ask,
    );
    const reasons = leftOut.filter((pair) => [pair.sourceInterface, pair.destinationInterface].includes('eth1.20'));
    expect(reasons.map(({ reason }) => reason)).toEqual(['excluded-by-operator']);
  });

  test('and a tunnel is not used because it has a link-local address, as every interface does', async () => {
    const linkLocal = { address: 'fe80::1', prefixLength: 64, scope: 'link' } as const;
    const [source, destination] = [alpha, beta].map((each) => ({
      ...each,
      interfaces: each.interfaces.map((own) => ({ ...own, addresses: [...own.addresses, linkLocal] })),
    }));
    if (!source || !destination) throw new Error('there are two hosts');
    const ask = { source: kernelOf(source), destination: kernelOf(destination) };
    const { leftOut } = await planPairs(
      source,
      destination,
      { bindsFirst: false, multipath: true, choice: { only: ['eth1'] } },
      ask,
    );
    const reasons = leftOut.filter((pair) => [pair.sourceInterface, pair.destinationInterface].includes('wg0'));
    expect(reasons.map(({ reason }) => reason)).toEqual(['tunnel', 'tunnel']);
  });

  test('and sees what the excluded pair would be', async () => {
    const { leftOut } = await plan({ without: ['eth3'] });
    expect(leftOut.find(({ reason }) => reason === 'excluded-by-operator')).toEqual({
      sourceInterface: 'eth3',
      sourceAddress: '10.0.3.1',
      destinationInterface: 'ens9',
      destinationAddress: '10.0.3.2',
      speedBitsPerSecond: 1e8,
      mtu: 9000,
      reason: 'excluded-by-operator',
      text: 'eth3 to ens9 is excluded by the choice of paths.',
    });
  });

  test('a tunnel by its name, which is not used unasked', async () => {
    expect([names(await plan({ only: ['eth1', 'wg0'] })), names(await plan())]).toEqual([
      ['eth1', 'wg0'],
      ['eth1', 'eth2', 'eth3'],
    ]);
  });

  test('none at all', async () => {
    const planned = await plan({ without: ['eth1', 'eth2', 'eth3'] });
    expect([planned.paths, excluded(planned).length]).toEqual([[], 3]);
  });

  test('one that cannot be a path, and reads why', async () => {
    const { paths, unmet } = await plan({ only: ['eth1', 'docker0'] });
    expect([paths.length, unmet]).toEqual([
      1,
      [
        '--paths docker0 is not a path: docker0 of alpha has no port that leads out of the host, as is usual for bridges of containers and guests.',
      ],
    ]);
  });

  test('a first path that cannot be one, and reads why', async () => {
    const astray = await plan({ first: 'eth3' }, [{ from: undefined, to: '10.0.3.2', interface: 'eth1' }]);
    const dead = await plan({ first: 'docker0' });
    expect([astray, dead].map(({ firstObstacle }) => firstObstacle?.text)).toEqual([
      'alpha uses eth1 for 10.0.3.2 unless the socket is bound to 10.0.3.1, so the connection cannot begin on eth3.',
      '--first-path docker0 is not a path: docker0 of alpha has no port that leads out of the host, as is usual for bridges of containers and guests.',
    ]);
  });

  test('one of a thousand interfaces', async () => {
    const many = Array.from({ length: 1000 }, (_, n) => gigabit(`v${n}`, `10.8.${n >> 8}.${n & 255}/15`));
    const [source, destination] = [host('alpha', many), host('beta', [gigabit('eth1', '10.9.1.1/15')])];
    const silent = { source: () => Promise.resolve([]), destination: () => Promise.resolve([]) };
    const wish = { bindsFirst: false, multipath: true, choice: { only: ['v777'] } };
    expect(names(await planPairs(source, destination, wish, silent))).toEqual(['v777']);
  });
});

describe('a choice is refused', () => {
  const refusalOf = async (choice: PathChoice): Promise<unknown> => {
    const thrown: unknown = await plan(choice).catch((reason: unknown) => reason);
    return thrown instanceof SwitchyardError ? thrown.failure.text : thrown;
  };

  test.each<[string, PathChoice, string]>([
    [
      'with a name that no host has',
      { only: ['eth7'] },
      'There is no interface or address "eth7" for --paths: alpha (the source) has eth1, eth2, eth3, wg0, docker0; beta (the destination) has eth1, eth2, ens9, wg0.',
    ],
    [
      'with an interface that this side does not have',
      { without: ['destination:eth3'] },
      'There is no interface or address "eth3" for --without-path: beta (the destination) has eth1, eth2, ens9, wg0.',
    ],
    [
      'with half a pair',
      { first: 'eth3/eth3' },
      'There is no interface or address "eth3" for --first-path: beta (the destination) has eth1, eth2, ens9, wg0.',
    ],
    [
      'with the other half',
      { first: 'eth7/eth1' },
      'There is no interface or address "eth7" for --first-path: alpha (the source) has eth1, eth2, eth3, wg0, docker0.',
    ],
    [
      'with an address that no host has',
      { only: ['10.0.7.7'] },
      'There is no interface or address "10.0.7.7" for --paths: alpha (the source) has eth1, eth2, eth3, wg0, docker0; beta (the destination) has eth1, eth2, ens9, wg0.',
    ],
    [
      'when the first is not among the others',
      { only: ['eth1', 'eth3'], first: 'eth2' },
      '--first-path names eth2, which is not among --paths eth1,eth3.',
    ],
    [
      'when the first is excluded',
      { without: ['eth2'], first: 'eth2/eth2' },
      '--first-path names eth2/eth2, and --without-path eth2 excludes it.',
    ],
    [
      'when one is wanted and excluded',
      { only: ['eth1'], without: ['eth1'] },
      '--paths names eth1, and --without-path eth1 excludes it.',
    ],
  ])('%s', async (_, choice, text) => {
    expect(await refusalOf(choice)).toBe(text);
  });
});
