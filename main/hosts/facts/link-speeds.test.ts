import { expect, test } from 'vitest';
import type { NetworkLink } from '#native/netlink/network-links.ts';
import { linkSpeeds, type LinkSpeeds } from './link-speeds.ts';

const link = (index: number, more: Partial<NetworkLink> = {}): NetworkLink => ({
  index,
  name: `if${index}`,
  enabled: true,
  carrier: true,
  operationalState: 'up',
  mtuBytes: 1500,
  loopback: false,
  kind: undefined,
  ...more,
});

/** Interfaces 1 and 2 are hardware of 10 and 1 Gbit/s; those in `shaped` have a token bucket filter. */
function speedOf(index: number, links: readonly NetworkLink[], shaped: Record<number, number> = {}): LinkSpeeds {
  const reported: Record<number, number> = { 1: 10e9, 2: 1e9 };
  const speeds = linkSpeeds([link(1), link(2), ...links], {
    shaped: (each) => shaped[each],
    reported: (each) => (each.kind === undefined ? reported[each.index] : undefined),
  });
  return speeds.get(index) ?? {};
}

const both = (bitsPerSecond: number): LinkSpeeds => ({
  speedBitsPerSecond: bitsPerSecond,
  linkBitsPerSecond: bitsPerSecond,
});

test('hardware that is shaped sends less than its link carries', () => {
  expect(speedOf(1, [], { 1: 1e7 })).toEqual({ speedBitsPerSecond: 1e7, linkBitsPerSecond: 10e9 });
});

test('a VLAN, and a macvlan on it, have the speed of the port', () => {
  const stack = [link(3, { kind: 'vlan', lowerIndex: 1 }), link(4, { kind: 'macvlan', lowerIndex: 3 })];
  expect(speedOf(4, stack)).toEqual(both(10e9));
});

test('shaping below counts for what is above', () => {
  expect(speedOf(3, [link(3, { kind: 'vlan', lowerIndex: 1 })], { 1: 5e8 })).toEqual({
    speedBitsPerSecond: 5e8,
    linkBitsPerSecond: 10e9,
  });
});

test('a bridge has the speed of its fastest port', () => {
  const links = [link(1, { masterIndex: 9 }), link(2, { masterIndex: 9 }), link(9, { kind: 'bridge' })];
  expect(speedOf(9, links)).toEqual(both(10e9));
});

test('a tap of a guest, shaped or not, is no speed of its bridge', () => {
  const links = [link(5, { kind: 'tun', masterIndex: 9 }), link(9, { kind: 'bridge' })];
  expect(speedOf(9, links, { 5: 1e8 })).toEqual({});
});

test('a bond that keeps a port in reserve has the speed of the active one', () => {
  const ports = [link(1, { masterIndex: 9 }), link(2, { masterIndex: 9 })];
  const bond = link(9, { kind: 'bond', bondMode: 'active-backup', activePortIndex: 2 });
  expect(speedOf(9, [...ports, bond])).toEqual(both(1e9));
});

test('a flow has one port of a bond that balances flows, and all of one that takes turns', () => {
  const ports = [link(1, { masterIndex: 9 }), link(2, { masterIndex: 9 })];
  const speeds = (['802.3ad', 'balance-rr'] as const).map((bondMode) =>
    speedOf(9, [...ports, link(9, { kind: 'bond', bondMode })]),
  );
  expect(speeds).toEqual([both(10e9), both(11e9)]);
});

test('the other end of a veth is no port of it', () => {
  expect(speedOf(3, [link(3, { kind: 'veth', lowerIndex: 1 })])).toEqual({});
});

test('an interface that leads in a circle has no speed', () => {
  expect(speedOf(3, [link(3, { kind: 'vlan', lowerIndex: 4 }), link(4, { kind: 'vlan', lowerIndex: 3 })])).toEqual({});
});
