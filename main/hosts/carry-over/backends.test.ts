import { describe, expect, test } from 'vitest';
import type { GuestObject, Netdev } from '#main/likeness/portrait.ts';
import { carryBackends } from './backends.ts';
import { changeBy, guestWith } from './testing/changed-guest.ts';

test('backends that are as they were started keep their text', () => {
  const args = '-netdev user,id=n0 -object rng-builtin,id=r0 -chardev null,id=c0 -chardev null -m 64 -object'.split(
    ' ',
  );
  const source = guestWith({
    netdevs: [{ id: 'n0', type: 'user', details: '' }],
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

describe('a network backend that came while the guest ran', () => {
  const user = { id: 'n', type: 'user', details: 'net=10.0.2.0,restrict=off' };
  test.each([
    ['is made again with its defaults', user, ['-netdev', 'type=user,id=n']],
    [
      'is made again by the name of its tap',
      { id: 'n', type: 'tap', details: 'ifname=t0,script=no,downscript=no' },
      ['-netdev', 'type=tap,id=n,ifname=t0,script=no,downscript=no'],
    ],
    [
      'is made again without a script where there is none',
      { id: 'n', type: 'tap', details: 'ifname=t0' },
      ['-netdev', 'type=tap,id=n,ifname=t0'],
    ],
    ['is refused where the kernel chose the tap', { id: 'n', type: 'tap', details: 'helper=x' }, 'refused'],
    ['is refused where it forwards ports', { ...user, details: 'net=10.0.2.0,restrict=on' }, 'refused'],
    ['is refused where its kind is not known', { ...user, type: 'socket' }, 'refused'],
    ['is left to the option that made it (-nic)', { ...user, id: '#net1' }, 'left'],
    ['is left to the option that made it (-net)', { ...user, id: '__org.qemu.net0' }, 'left'],
  ] satisfies [string, Netdev, readonly string[] | 'refused' | 'left'][])('%s', (_what, netdev, becomes) => {
    const said = {
      made: ['carried: The network backend n came while the guest ran.'],
      refused: ['refused: The network backend n came while the guest ran, and its options cannot be read back.'],
      left: [],
    };
    expect(changeBy(carryBackends, [], guestWith({ netdevs: [netdev] }))).toEqual({
      args: typeof becomes === 'string' ? [] : becomes,
      said: said[typeof becomes === 'string' ? becomes : 'made'],
    });
  });
});

describe('an object that came while the guest ran', () => {
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

test('of the character devices that came while the guest ran, those that lead nowhere are made again', () => {
  const characterDevices = [
    { id: 'c', kind: 'null' },
    { id: 'serial0', kind: 'null' },
    { id: 'd', kind: 'pty' },
  ];
  expect(changeBy(carryBackends, ['-S'], guestWith({ characterDevices }))).toEqual({
    args: ['-chardev', 'backend=null,id=c', '-S'],
    said: [
      'carried: The character device c came while the guest ran.',
      'refused: The character device d came while the guest ran, and its options cannot be read back.',
    ],
  });
});
