import { describe, expect, test } from 'vitest';
import type { Path } from '#contract/migration.ts';
import { parseMigrationUri } from '#main/qmp/address.ts';
import { listenerOfWaiting, meet, wantedListener } from './listener-address.ts';

function path(destinationAddress: string): Path {
  const family = destinationAddress.includes(':') ? 'fd00::1' : '10.0.0.1';
  return {
    sourceInterface: `to-${destinationAddress}`,
    sourceAddress: family,
    destinationInterface: 'eth1',
    destinationAddress,
    mtu: 1500,
  };
}

const [one, two, six] = [path('10.0.1.2'), path('10.0.2.2'), path('fd00::2')];

describe('what an operator asks for', () => {
  test.each([
    ['tcp:0:4444', { host: '0.0.0.0', port: 4444 }],
    ['tcp::4444', { host: '', port: 4444 }],
    ['tcp:[::]:0', { host: '::', port: 0 }],
    ['tcp:10.0.1.2:4444,mptcp', { host: '10.0.1.2', port: 4444, mptcp: true }],
    ['tcp:10.0.1.2:49152,to=49215,mptcp=off', { host: '10.0.1.2', port: 49_152, lastPort: 49_215, mptcp: false }],
  ])('%s', (text, expected) => {
    expect(wantedListener(text, 'prefer')).toEqual(expected);
  });

  test.each([
    ['tcp:0:4444,mptpc', 'prefer', /unknown option "mptpc"/],
    ['tcp:0:4444,keep-alive=on', 'prefer', /cannot be asked for here/],
    ['tcp:rack2:4444', 'prefer', /a name for a host/],
    ['defer', 'prefer', /is no address/],
    ['unix:/run/a', 'prefer', /not one of the network/],
    ['tcp:0:4444,mptcp=on', 'off', /--mptcp off forbids it/],
    ['tcp:0:4444,mptcp=off', 'require', /--mptcp require insists on it/],
  ] as const)('%s with --mptcp %s is refused', (text, policy, words) => {
    expect(() => wantedListener(text, policy)).toThrow(words);
  });
});

test('a QEMU that listens without saying mptcp listens without it; its other options are its own', () => {
  const text = 'tcp:0:4444,keep-alive=on';
  expect(listenerOfWaiting(parseMigrationUri(text), text)).toEqual({ host: '0.0.0.0', port: 4444, mptcp: false });
});

describe('the path that is connected', () => {
  test.each([
    ['nothing', undefined, [one, two]],
    ['every address', { host: '0.0.0.0', port: 1 }, [one, two]],
    ['one address', { host: '10.0.2.2', port: 1 }, [two, one]],
    ['an address that no path leads to', { host: '10.0.9.9', port: 1 }, [one, two]],
  ])('with %s', (_what, listener, expected) => {
    expect(meet(listener, [one, two]).paths).toEqual(expected);
  });

  test('is of the family that the listener hears', () => {
    expect(meet({ host: '0.0.0.0', port: 1 }, [six, one]).paths).toEqual([one, six]);
  });

  test.each([
    [[one], '0.0.0.0'],
    [[six, one], '::'],
    [[], '0.0.0.0'],
  ])('gives an empty host its family', (paths, host) => {
    expect(meet({ host: '', port: 1 }, paths).listener).toEqual({ host, port: 1 });
  });
});
