import { expect, test } from 'vitest';
import { recording } from './fixtures/recorded.ts';
import { decodeMessages } from './message.ts';
import { decodeLinkEvent } from './network-links.ts';

const eventsOf = (name: 'link-events' | 'addresses') => recording(name).flatMap(decodeMessages).map(decodeLinkEvent);

test('an interface that loses its carrier is reported at once', () => {
  expect(eventsOf('link-events')).toEqual([
    {
      kind: 'link-changed',
      link: {
        index: 3,
        name: 'e2',
        enabled: true,
        carrier: false,
        operationalState: 'down',
        mtuBytes: 1500,
        loopback: false,
        kind: 'veth',
        lowerIndex: 3,
        lowerNamespace: 0,
        linkAddress: '6e57d2bccf88',
      },
    },
  ]);
});

test('addresses are reported with their interface, prefix and scope', () => {
  const ipv4 = eventsOf('addresses')
    .map((event) => (event?.kind === 'address-added' ? event.address : undefined))
    .filter((address) => address?.address.includes('.'));
  expect(ipv4).toEqual([
    { interfaceIndex: 1, address: '127.0.0.1', prefixLength: 8, scope: 'host', flags: [] },
    { interfaceIndex: 2, address: '10.77.1.1', prefixLength: 24, scope: 'global', flags: [] },
    { interfaceIndex: 3, address: '10.77.2.1', prefixLength: 24, scope: 'global', flags: [] },
  ]);
});
