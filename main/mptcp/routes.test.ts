import { describe, expect, test } from 'vitest';
import type { NetworkInterface } from '#contract/host.ts';
import { pathsBetween } from './paths.ts';
import type { RoutesBetween } from './routes.ts';

const port = (name: string, address: string, speedBitsPerSecond?: number): NetworkInterface => ({
  name,
  index: 1,
  up: true,
  carrier: true,
  mtu: 1500,
  addresses: [{ address, prefixLength: 24 }],
  ...(speedBitsPerSecond === undefined ? {} : { speedBitsPerSecond }),
});

const source = { interfaces: [port('eth1', '10.1.1.1'), port('eth2', '10.1.2.1')] };
const destination = { interfaces: [port('eth1', '10.9.1.2'), port('eth2', '10.9.2.2')] };
const route = (from: string, to: string, name: string) => ({ from, to, interface: name, gateway: '10.1.1.254' });

const names = (routes: RoutesBetween | undefined): string[] =>
  pathsBetween(source, destination, routes).map((path) => `${path.sourceAddress} ${path.destinationAddress}`);

describe('hosts that share no subnet', () => {
  test('have no paths while their routes are unknown', () => {
    expect(names(undefined)).toEqual([]);
  });

  test('are paired where routes lead out of the right interface at both ends', () => {
    const routes = {
      source: [route('10.1.1.1', '10.9.1.2', 'eth1'), route('10.1.2.1', '10.9.2.2', 'eth2')],
      destination: [route('10.9.1.2', '10.1.1.1', 'eth1'), route('10.9.2.2', '10.1.2.1', 'eth2')],
    };
    expect(names(routes)).toEqual(['10.1.1.1 10.9.1.2', '10.1.2.1 10.9.2.2']);
  });

  test('are not paired where the way back leaves by another interface', () => {
    const routes = {
      source: [route('10.1.1.1', '10.9.1.2', 'eth1'), route('10.1.2.1', '10.9.2.2', 'eth2')],
      destination: [route('10.9.1.2', '10.1.1.1', 'eth1'), route('10.9.2.2', '10.1.2.1', 'eth1')],
    };
    expect(names(routes)).toEqual(['10.1.1.1 10.9.1.2']);
  });
});
