import { describe, expect, test } from 'vitest';
import type { GuestObject, Netdev } from '#main/likeness/portrait.ts';
import { carryBackends } from './backends.ts';
import { changeBy, guestWith } from './testing/changed-guest.ts';

test('backends that are as they were started keep their text', () => {
  const args = '-netdev user,id=n0 -object rng-builtin,id=r0 -chardev null,id=c0 -chardev null -m 64 -object'.split(
    ' ',
  );
  const source = guestWith({
    netdevs: [netdevOf({ id: 'n0' })],
    objects: [{ id: 'r0', type: 'rng-builtin', properties: {} }],
    characterDevices: [{ id: 'c0', kind: 'null' }],
  });
  expect(changeBy(carryBackends, args, source)).toEqual({ args, said: [] });
});

test('backends that were removed are left out', () => {
  const args = ['-netdev', 'user,id=n0', '-object', '{"qom-type":"rng-builtin","id":"r0"}', '-chardev', 'null,id=c0'];
  expect(changeBy(carryBackends, args, guestWith({}))).toEqual({
    args: [],
    said: [
      'carried: The network backend n0 was removed since the guest was started.',
      'carried: The object r0 was removed since the guest was started.',
      'carried: The character device c0 was removed since the guest was started.',
    ],
  });
});

describe('a network backend that was added while the guest was running', () => {
  const tap = netdevOf({ type: 'tap', details: 'ifname=t0,script=no,downscript=no' });
  const unreadable =
    'refused: The network backend n was added while the guest was running, and QEMU does not report its options.';
  const came = 'carried: The network backend n was added while the guest was running.';
  const notReported = (names: string): string =>
    `harmless: QEMU does not report these options of the network backend n: ${names}. The destination has QEMU's defaults for them.`;
  const ofUser = [came, notReported('hostname, dns, dnssearch, domainname, tftp, smb, guestfwd')];
  const ofTap = [came, notReported('sndbuf, vnet_hdr, poll-us')];

  test.each<[string, Netdev, readonly string[], readonly string[]]>([
    ['is made again with its defaults', netdevOf({}), ['-netdev', 'type=user,id=n'], ofUser],
    [
      'is made again with the ports that it forwards',
      netdevOf({ forwards: ['tcp::2222-10.0.2.15:22', 'udp:127.0.0.1:53-10.0.2.15:53'] }),
      ['-netdev', 'type=user,id=n,hostfwd=tcp::2222-10.0.2.15:22,hostfwd=udp:127.0.0.1:53-10.0.2.15:53'],
      ofUser,
    ],
    [
      'is made again by the name of its tap',
      tap,
      ['-netdev', 'type=tap,id=n,ifname=t0,script=no,downscript=no'],
      ofTap,
    ],
    [
      'is made again with the queues of its tap',
      { ...tap, queues: 4 },
      ['-netdev', 'type=tap,id=n,ifname=t0,script=no,downscript=no,queues=4'],
      ofTap,
    ],
    [
      'is made again without a script where there is none',
      { ...tap, details: 'ifname=t0' },
      ['-netdev', 'type=tap,id=n,ifname=t0'],
      ofTap,
    ],
    ['is refused where the kernel chose the tap', { ...tap, details: 'helper=x' }, [], [unreadable]],
    ['is refused where its network is another', netdevOf({ details: 'net=10.0.2.0,restrict=on' }), [], [unreadable]],
    ['is refused where its kind is not known', netdevOf({ type: 'socket' }), [], [unreadable]],
    ['is left to the option that made it (-nic)', netdevOf({ id: '#net1' }), [], []],
    ['is left to the option that made it (-net)', netdevOf({ id: '__org.qemu.net0' }), [], []],
  ])('%s', (_what, netdev, args, said) => {
    expect(changeBy(carryBackends, [], guestWith({ netdevs: [netdev] }))).toEqual({ args, said });
  });

  test.each([
    ['-nic', 'user,id=n'],
    ['-net', 'user,id=n'],
  ])('is none where %s has named it', (...args) => {
    expect(changeBy(carryBackends, args, guestWith({ netdevs: [netdevOf({})] }))).toEqual({ args, said: [] });
  });

  describe('as a tap', () => {
    const before = ['-netdev', 'tap,id=old,ifname=t9,vhost=on'];
    const old = { ...tap, id: 'old', queues: 2 };
    const withVhost = (vhostQueues: number, ...netdevs: readonly Netdev[]) => {
      const { process } = guestWith({});
      const source = guestWith({ netdevs, process: { ...process, vhostQueues } });
      return changeBy(carryBackends, before, source);
    };

    test('is served by the kernel where one more queue is than the command line has', () => {
      expect(withVhost(3, old, tap).args[1]).toBe('type=tap,id=n,ifname=t0,script=no,downscript=no,vhost=on');
    });

    test('is not served by the kernel where no queue is added', () => {
      expect(withVhost(2, old, tap).args[1]).toBe('type=tap,id=n,ifname=t0,script=no,downscript=no');
    });

    test('is refused where the kernel serves some of several', () => {
      expect(withVhost(3, old, tap, { ...tap, id: 'm' }).said.filter((each) => each.startsWith('refused'))).toEqual([
        unreadable,
        unreadable.replace('backend n', 'backend m'),
      ]);
    });

    test('does not count those of the command line that are gone, nor those without a name', () => {
      const unnamed = { ...tap, id: '#net1' };
      const { process } = guestWith({});
      const source = guestWith({ netdevs: [unnamed, tap], process: { ...process, vhostQueues: 2 } });
      const args = ['-nic', 'tap,vhost=on'];
      expect(changeBy(carryBackends, args, source).args[1]).toContain('vhost=on');
    });
  });
});

describe('the ports that a user network of the command line forwards', () => {
  const forwarding = (...forwards: readonly string[]): Netdev => netdevOf({ forwards });

  test.each([
    ['are as they were', 'user,id=n,hostfwd=tcp::2222-:22', forwarding('tcp::2222-10.0.2.15:22')],
    [
      'are as they were, with every address',
      'user,id=n,hostfwd=:0.0.0.0:1-10.0.2.9:2',
      forwarding('tcp::1-10.0.2.9:2'),
    ],
    [
      'are as they were, for one address',
      'user,id=n,hostfwd=udp:127.0.0.1:1-:2',
      forwarding('udp:127.0.0.1:1-10.0.2.15:2'),
    ],
    ['are none', 'user,id=n', forwarding()],
    ['stand in JSON', '{"type":"user","id":"n","hostfwd":[{"str":"tcp::1-:2"}]}', forwarding('tcp::1-10.0.2.15:2')],
  ])('%s: its option keeps its text', (_what, option, netdev) => {
    const args = ['-netdev', option];
    expect(changeBy(carryBackends, args, guestWith({ netdevs: [netdev] }))).toEqual({ args, said: [] });
  });

  test.each([
    [
      'another port',
      'user,id=n,hostfwd=tcp::1-:2,restrict=off',
      forwarding('tcp::3-10.0.2.15:2'),
      'user,id=n,restrict=off,hostfwd=tcp::3-10.0.2.15:2',
    ],
    [
      'another protocol',
      'user,id=n,hostfwd=tcp::1-:2',
      forwarding('udp::1-10.0.2.15:2'),
      'user,id=n,hostfwd=udp::1-10.0.2.15:2',
    ],
    [
      'another address',
      'user,id=n,hostfwd=tcp:10.0.0.1:1-:2',
      forwarding('tcp::1-10.0.2.15:2'),
      'user,id=n,hostfwd=tcp::1-10.0.2.15:2',
    ],
    [
      'another guest',
      'user,id=n,hostfwd=tcp::1-10.0.2.3:2',
      forwarding('tcp::1-10.0.2.15:2'),
      'user,id=n,hostfwd=tcp::1-10.0.2.15:2',
    ],
    [
      'a service by its name',
      'user,id=n,hostfwd=tcp::ssh-:22',
      forwarding('tcp::22-10.0.2.15:22'),
      'user,id=n,hostfwd=tcp::22-10.0.2.15:22',
    ],
    ['one more', 'user,id=n', forwarding('tcp::1-10.0.2.15:2'), 'user,id=n,hostfwd=tcp::1-10.0.2.15:2'],
    ['none any more', 'user,id=n,hostfwd=tcp::1-:2', forwarding(), 'user,id=n'],
  ])('%s: they are carried over', (_what, option, netdev, now) => {
    const change = changeBy(carryBackends, ['-netdev', option], guestWith({ netdevs: [netdev] }));
    const ports = netdev.forwards.length === 0 ? 'no ports' : netdev.forwards.join(', ');
    expect(change).toEqual({ args: ['-netdev', now], said: [`carried: The network backend n forwards ${ports} now.`] });
  });

  test('of one without an id are known where it is the only one', () => {
    const unnamed = { ...forwarding('tcp::1-10.0.2.15:2'), id: '#net7' };
    const args = ['-nic', 'user'];
    const results = [
      changeBy(carryBackends, args, guestWith({ netdevs: [unnamed] })).args,
      changeBy(carryBackends, [...args, ...args], guestWith({ netdevs: [unnamed, { ...unnamed, id: '#net8' }] })).args,
      changeBy(carryBackends, args, guestWith({})).args,
    ];
    expect(results).toEqual([['-nic', 'user,hostfwd=tcp::1-10.0.2.15:2'], [...args, ...args], args]);
  });
});

describe('an object that was added while the guest was running', () => {
  const ram = { id: 'o', type: 'memory-backend-ram', properties: { size: '16', policy: 'default' } };
  test.each([
    ['memory', ram, ['-object', 'qom-type=memory-backend-ram,id=o,size=16']],
    [
      'memory of no node',
      { ...ram, properties: { ...ram.properties, 'host-nodes': '[]' } },
      ['-object', 'qom-type=memory-backend-ram,id=o,size=16'],
    ],
    ['memory that is bound to a node', { ...ram, properties: { ...ram.properties, 'host-nodes': '[1]' } }, []],
    ['memory with a policy', { ...ram, properties: { size: '16', policy: 'bind' } }, []],
    ['randomness', { id: 'o', type: 'rng-builtin', properties: {} }, ['-object', 'qom-type=rng-builtin,id=o']],
    [
      'randomness of a file',
      { id: 'o', type: 'rng-random', properties: { filename: '/a,b' } },
      ['-object', 'qom-type=rng-random,id=o,filename=/a,,b'],
    ],
    ['a thread', { id: 'o', type: 'iothread', properties: {} }, ['-object', 'qom-type=iothread,id=o']],
    ['a kind that is not known', { id: 'o', type: 'secret', properties: {} }, []],
    ['what the machine makes for itself', { ...ram, id: 'pc.ram' }, []],
  ] satisfies [string, GuestObject, string[]][])('%s', (_what, object, args) => {
    expect(changeBy(carryBackends, [], guestWith({ objects: [object] })).args).toEqual(args);
  });
});

test('of the character devices that were added while the guest was running, those that lead nowhere are made again', () => {
  const characterDevices = [
    { id: 'c', kind: 'null' },
    { id: 'serial0', kind: 'null' },
    { id: 'd', kind: 'pty' },
  ];
  expect(changeBy(carryBackends, ['-S'], guestWith({ characterDevices }))).toEqual({
    args: ['-chardev', 'backend=null,id=c', '-S'],
    said: [
      'carried: The character device c was added while the guest was running.',
      'refused: The character device d was added while the guest was running, and QEMU does not report its options.',
    ],
  });
});

function netdevOf(changes: Partial<Netdev>): Netdev {
  return { id: 'n', type: 'user', details: 'net=10.0.2.0,restrict=off', queues: 1, forwards: [], ...changes };
}
