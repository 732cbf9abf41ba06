import { describe, expect, test } from 'vitest';
import type { MptcpEndpoint } from './host.ts';
import { mptcpCommand, typedOn } from './mptcp-commands.ts';
import type { HostMptcpChange } from './requests.ts';

const endpoint: MptcpEndpoint = { id: 3, address: '10.0.1.3', interface: 'eth1', flags: ['subflow', 'fullmesh'] };

describe('a change as the command that does the same', () => {
  test.each<[string, HostMptcpChange]>([
    [
      'ip mptcp endpoint add 10.0.1.3 dev eth1 signal backup port 4444',
      {
        kind: 'add-endpoint',
        endpoint: { address: '10.0.1.3', interface: 'eth1', flags: ['signal', 'backup'], port: 4444 },
      },
    ],
    ['ip mptcp endpoint delete id 3', { kind: 'remove-endpoint', endpoint }],
    ['ip mptcp endpoint change id 3 backup', { kind: 'set-endpoint-flags', endpoint, flags: ['backup'] }],
    ['ip mptcp endpoint change id 3 nobackup fullmesh', { kind: 'set-endpoint-flags', endpoint, flags: ['fullmesh'] }],
    [
      'ip mptcp limits set subflows 4 add_addr_accepted 2',
      { kind: 'set-limits', limits: { subflows: 4, addAddrAccepted: 2 } },
    ],
  ])('%s', (command, change) => {
    expect(mptcpCommand(change)).toBe(command);
  });
});

describe('where it is typed', () => {
  test('on this machine: as it is', () => {
    expect(typedOn({ kind: 'local', id: 'local' }, 'ip mptcp limits')).toBe('ip mptcp limits');
  });

  test('for a namespace: through it, each part once', () => {
    expect(typedOn({ kind: 'namespace', id: 'rack2' }, 'ip netns exec rack2 a && b')).toBe(
      'ip netns exec rack2 a && ip netns exec rack2 b',
    );
  });
});
