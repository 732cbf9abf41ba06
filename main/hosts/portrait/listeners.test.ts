import { expect, test } from 'vitest';
import { withOwners, type ListenerAnswers } from './listeners.ts';

const answers: ListenerAnswers = {
  characterDevices: [
    { label: 'serial0', filename: 'disconnected:tcp:127.0.0.1:4441,server=on' },
    { label: 'serial1', filename: 'tcp:[::1]:4442,server=on <-> [::1]:50000' },
    { label: 'mon0', filename: 'unix:/run/a.qmp,server=on' },
    { label: 'client', filename: 'unix:/run/b.sock' },
    { label: 'gdb', filename: 'disconnected:tcp:0.0.0.0:1234,server=on' },
  ],
  vncServers: [
    {
      id: 'default',
      server: [
        { host: '0.0.0.0', service: '5901', family: 'ipv4' },
        { host: '', service: '/run/vnc.sock', family: 'unix' },
      ],
    },
  ],
  spice: { enabled: true, host: '*', port: 5930, 'tls-port': 5931 },
};

test.each([
  ['TCP 127.0.0.1:4441', 'character device "serial0"'],
  ['TCP [::1]:4442', 'character device "serial1"'],
  ['unix socket /run/a.qmp', 'character device "mon0"'],
  ['TCP 0.0.0.0:1234', 'character device "gdb"'],
  ['TCP 0.0.0.0:5901', 'VNC "default"'],
  ['unix socket /run/vnc.sock', 'VNC "default"'],
  ['TCP 0.0.0.0:5930', 'SPICE'],
  ['TCP [::]:5931', 'SPICE'],
  ['unix socket /run/b.sock', ''],
  ['TCP 0.0.0.0:10809', ''],
])('%s is of %j', (address, owner) => {
  expect(withOwners([address], answers)).toEqual([{ owner, address }]);
});
