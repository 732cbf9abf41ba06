import { expect, test } from 'vitest';
import { parseNetworkBackends } from './network-backends.ts';

test('reads backends, in hubs too, with queues and forwarded ports, and leaves the cards to the device tree', () => {
  const printed = [
    'hub 0',
    ' \\ hub0port1: #net1: index=0,type=user,net=10.0.2.0,restrict=off',
    'virtio-net-pci.0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56',
    ' \\ n0: index=0,type=tap,ifname=tap0,script=no,downscript=no',
    ' \\ n0: index=1,type=tap,ifname=tap0,script=no,downscript=no',
    'lone: index=0,type=vhost-user,vhost-user0 to ',
  ].join('\r\n');
  const forwarded = [
    'Hub 0 (#net1):',
    '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
    '  TCP[HOST_FORWARD]  13               *  2222       10.0.2.15    22     0     0',
    '  UDP[HOST_FORWARD]  14       127.0.0.1  5353       10.0.2.15    53     0     0',
    '  TCP[ESTABLISHED]   15       127.0.0.1  2222       10.0.2.15    22     0     0',
  ].join('\r\n');
  expect(parseNetworkBackends(printed, forwarded)).toEqual([
    {
      id: '#net1',
      type: 'user',
      details: 'net=10.0.2.0,restrict=off',
      queues: 1,
      forwards: ['tcp::2222-10.0.2.15:22', 'udp:127.0.0.1:5353-10.0.2.15:53'],
    },
    { id: 'n0', type: 'tap', details: 'ifname=tap0,script=no,downscript=no', queues: 2, forwards: [] },
    { id: 'lone', type: 'vhost-user', details: 'vhost-user0 to', queues: 1, forwards: [] },
  ]);
});
