import { describe, expect, test } from 'vitest';
import type { MptcpEndpoint, NetworkInterface } from '#contract/host.ts';
import { host } from '#renderer/testing/hosts.ts';
import { addition, backupChange, freePlaces, whyNoFurther, withFlag, type EndpointDraft } from './endpoint-choices.ts';

function wire(name: string, ...addresses: string[]): NetworkInterface {
  return {
    name,
    index: 2,
    up: true,
    carrier: true,
    mtu: 1500,
    addresses: addresses.map((address) => ({ address, prefixLength: 24 })),
  };
}

function hostWith(interfaces: NetworkInterface[], endpoints: MptcpEndpoint[]) {
  return host('hv-03', { interfaces, mptcp: { usable: true, sysctls: {}, endpoints, counters: {} } });
}

const place = { address: '10.0.1.3', interface: 'eth1' };
const draft: EndpointDraft = { place, flags: ['signal'], portText: '' };

describe('where an endpoint can be made', () => {
  test('at addresses that are none, of which a peer can make use', () => {
    const found = hostWith(
      [wire('eth0', '10.0.0.3', 'fe80::1'), wire('eth1', '10.0.1.3', '2001:db8::3'), wire('eth2', '10.0.2.3')],
      [
        { id: 1, address: '10.0.0.3', flags: ['signal'] },
        { id: 2, address: '10.0.2.3', flags: ['implicit'] },
      ],
    );
    expect(freePlaces(found)).toEqual([
      { address: '10.0.1.3', interface: 'eth1' },
      { address: '2001:db8::3', interface: 'eth1' },
      { address: '10.0.2.3', interface: 'eth2' },
    ]);
  });

  test('nowhere when all are, or when there are eight: the reason says which', () => {
    const endpoints = Array.from({ length: 8 }, (_, index): MptcpEndpoint => ({
      id: index + 1,
      address: `10.0.9.${index}`,
      flags: ['signal'],
    }));
    const interfaces = [wire('eth1', '10.0.1.3')];
    expect([
      whyNoFurther(hostWith(interfaces, endpoints)),
      whyNoFurther(hostWith(interfaces, [{ id: 1, address: '10.0.1.3', flags: ['signal'] }])),
      whyNoFurther(hostWith(interfaces, [])),
    ]).toEqual([
      'A host keeps 8 endpoints: remove one first.',
      'Every address of its interfaces is an endpoint already.',
      undefined,
    ]);
  });
});

describe('the form', () => {
  test('is a change with its flags in one order, and a port where there is one', () => {
    expect(addition({ ...withFlag(withFlag(draft, 'backup', true), 'signal', true), portText: ' 4444 ' })).toEqual({
      kind: 'add-endpoint',
      endpoint: { ...place, flags: ['signal', 'backup'], port: 4444 },
    });
  });

  test('gives up the port with the flag that allowed it', () => {
    expect(withFlag({ ...draft, portText: '4444' }, 'signal', false)).toEqual({ place, flags: [], portText: '' });
  });

  test.each<[string, Partial<EndpointDraft>, RegExp]>([
    ['a port that is none', { portText: '70000' }, /^A port is/],
    ['a port with a subflow', { flags: ['signal', 'subflow'], portText: '4444' }, /^Not with subflow/],
    ['flags that exclude each other', { flags: ['signal', 'fullmesh'] }, /^Not together/],
    ['nothing that the kernel could use', { flags: ['backup'] }, /^Choose signal or subflow/],
  ])('says why it is none: %s', (_, changes, why) => {
    expect(addition({ ...draft, ...changes })).toMatch(why);
  });
});

test('a backup mark comes and goes, and leaves full mesh as it is', () => {
  const endpoint: MptcpEndpoint = { id: 3, address: '10.0.1.3', flags: ['subflow', 'fullmesh'] };
  expect([backupChange(endpoint, true), backupChange(endpoint, false)]).toEqual([
    { kind: 'set-endpoint-flags', endpoint, flags: ['backup', 'fullmesh'] },
    { kind: 'set-endpoint-flags', endpoint, flags: ['fullmesh'] },
  ]);
});
