import { expect, test } from 'vitest';
import { parseNetworkBackends } from './network-backends.ts';

test('reads backends, in hubs too, and leaves the cards to the device tree', () => {
  const printed = [
    'hub 0',
    ' \\ hub0port1: #net1: index=0,type=user,net=10.0.2.0,restrict=off',
    'virtio-net-pci.0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56',
    ' \\ n0: index=0,type=tap,ifname=tap0,script=no,downscript=no',
    ' \\ n0: index=1,type=tap,ifname=tap0,script=no,downscript=no',
    'lone: index=0,type=vhost-user,vhost-user0 to ',
  ].join('\r\n');
  expect(parseNetworkBackends(printed)).toEqual([
    { id: '#net1', type: 'user', details: 'net=10.0.2.0,restrict=off' },
    { id: 'n0', type: 'tap', details: 'ifname=tap0,script=no,downscript=no' },
    { id: 'lone', type: 'vhost-user', details: 'vhost-user0 to' },
  ]);
});
