import { expect, test } from 'vitest';
import { ClosedSubflows } from '#main/mptcp/closed-subflows.ts';
import { groupConnections } from '#main/mptcp/connections.ts';
import { join, mptcpRow, tcpRow, token } from '#main/mptcp/socket-rows.ts';
import { TransportSampler } from '#main/mptcp/sampler.ts';
import { connectionEvidence, type Observed } from './gather.ts';

function observe(...tcp: Parameters<typeof tcpRow>[0][]): Observed {
  const connections = groupConnections({ mptcp: [mptcpRow()], tcp: tcp.map((row) => tcpRow(row)) }, () => true);
  const interfaceOf = (): string => 'eth1';
  const reading = { atMonoMs: 0, connections, destroyed: [], interfaceOf, staleCount: undefined };
  const sample = new TransportSampler().sample(reading);
  return { sample, connections, closed: undefined, wasMptcp: true, stalledMs: 0 };
}

test('tells established subflows, and joins that were tried more than once', () => {
  const tried = { ...join, state: 'syn-sent', info: { consecutiveTimeouts: 1 } } as const;
  const young = { ...join, cookie: 3n, state: 'syn-sent' } as const;
  expect(connectionEvidence(observe({}, tried, young))?.subflows).toEqual([
    { localAddress: '10.77.1.1', remoteAddress: '10.77.1.2', interface: 'eth1', state: 'active' },
    { localAddress: '10.77.2.1', remoteAddress: '10.77.2.2', state: 'joining' },
  ]);
});

test('one connection that fell back makes the migration TCP', () => {
  const observed = observe({});
  const connections = [{ id: 'tcp-1', protocol: 'tcp', fallback: false, bytesSent: 0, bytesReinjected: 0 } as const];
  const sample = { ...observed.sample, connections: [...observed.sample.connections, ...connections] };
  expect(connectionEvidence({ ...observed, sample })?.protocol).toBe('tcp');
});

test('tells why the subflows of these connections ended', () => {
  const closed = new ClosedSubflows();
  const ends = { localAddress: '10.77.2.1', localPort: 5, remoteAddress: '10.77.2.2', remotePort: 4444 };
  closed.observe({ kind: 'subflow-closed', token, ...ends, errno: 111 }, 10);
  closed.observe({ kind: 'subflow-closed', token: 99, ...ends, errno: 104 }, 10);
  expect(connectionEvidence({ ...observe({}), closed })?.closed).toEqual([
    { localAddress: '10.77.2.1', remoteAddress: '10.77.2.2', errno: 111, livedMs: undefined },
  ]);
});

test('there is no evidence before there is a connection', () => {
  expect(connectionEvidence({ ...observe(), sample: { connections: [], subflows: [] } })).toBeUndefined();
});
