import { expect, test } from 'vitest';
import type { HostFacts } from '#contract/host.ts';
import { examplePlan } from '#main/export/testing/example-migration.ts';
import { guestLines, hostLines } from './hosts.ts';

const { source, guest } = examplePlan();
const rack1: HostFacts = {
  ...source,
  id: 'rack1',
  interfaces: [
    {
      name: 'eth1',
      index: 2,
      up: true,
      carrier: true,
      mtu: 1500,
      speedBitsPerSecond: 10e9,
      addresses: [{ address: '10.0.1.1', prefixLength: 24 }],
    },
    { name: 'eth2', index: 3, up: true, carrier: false, mtu: 9000, addresses: [] },
    { name: 'eth3', index: 4, up: false, carrier: false, mtu: 1500, addresses: [] },
  ],
};
const rack2: HostFacts = {
  id: 'rack2',
  kind: 'local',
  hostname: 'rack2',
  kernel: '5.4.0',
  bootId: 'b2',
  memoryAvailableBytes: 2 ** 30,
  interfaces: [],
  mptcp: {
    usable: false,
    reason: 'net.mptcp.enabled is 0.',
    remedy: 'sysctl -w net.mptcp.enabled=1',
    sysctls: {},
    endpoints: [],
    counters: {},
  },
};

test('hosts with their interfaces; what cannot be used says why, and what fixes it', () => {
  expect(hostLines([rack1, rack2]).split('\n')).toEqual([
    'Host   Kernel  QEMU    MPTCP        Memory free',
    'rack1  6.18.0  7.2.22  0 endpoints  8 GiB',
    '  eth1  10.0.1.1/24  10 Gbit/s      MTU 1500',
    '  eth2  no address   speed unknown  MTU 9000  no carrier',
    '  eth3  no address   speed unknown  MTU 1500  down',
    'rack2  5.4.0   none    off          1 GiB',
    '  MPTCP is off: net.mptcp.enabled is 0.',
    '    sysctl -w net.mptcp.enabled=1',
    '  No QEMU was found: it can be a source, and no destination.',
    '  no network interface',
  ]);
});

test('guests with their users; what cannot be moved says why, what waits says where', () => {
  const { monitorPath: _monitorPath, ...mute } = guest;
  const obstacle = { text: 'It runs as user mallory (1001).', remedy: 'Run Switchyard as root.' };
  expect(
    guestLines([
      { ...guest, user: { uid: 64055, name: 'libvirt-qemu' } },
      { ...guest, name: 'foreign', user: { uid: 1001 }, obstacle },
      { ...mute, name: 'mute' },
      { ...guest, name: 'arriving', waiting: true, incoming: 'tcp:0:4444,mptcp' },
    ])
      .split('\n')
      .map((line) => line.replaceAll(/ {2,}/g, ' | ')),
  ).toEqual([
    'Guest | Host | User | Memory | Accelerator | Process | Monitor',
    'lab-guest | lab-source | libvirt-qemu | 512 MiB | - | 4242 | /run/switchyard/lab/qmp.sock',
    'foreign | lab-source | 1001 | 512 MiB | - | 4242 | cannot be moved: It runs as user mallory (1001).',
    'mute | lab-source | - | 512 MiB | - | 4242 | cannot be moved: no QMP socket (-qmp unix:PATH,server=on,wait=off)',
    'arriving | lab-source | - | 512 MiB | - | 4242 | waits for a migration (-incoming tcp:0:4444,mptcp)',
  ]);
});
