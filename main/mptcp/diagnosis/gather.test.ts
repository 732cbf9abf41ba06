import { expect, test } from 'vitest';
import type { ConnectionSample } from '#contract/telemetry.ts';
import { groupConnections } from '#main/mptcp/connections.ts';
import { mptcpRow, tcpRow } from '#main/mptcp/socket-rows.ts';
import { TransportSampler } from '#main/mptcp/sampler.ts';
import { connectionEvidence } from './gather.ts';

const connections = groupConnections({ mptcp: [mptcpRow()], tcp: [tcpRow({})] }, () => true);
const sample = new TransportSampler().sample({
  atMonoMs: 0,
  connections,
  destroyed: [],
  interfaceOf: () => 'eth1',
  staleCount: undefined,
});
const seen = { sample, troubles: { unanswered: [], closed: [] }, wasMptcp: true, stalledMs: 0 };

test('a join without an answer stands beside the established subflows', () => {
  const unanswered = [{ localAddress: '10.77.2.1', remoteAddress: '10.77.2.2' }];
  expect(connectionEvidence({ ...seen, troubles: { unanswered, closed: [] } })?.subflows).toEqual([
    { localAddress: '10.77.1.1', remoteAddress: '10.77.1.2', interface: 'eth1', state: 'active' },
    { localAddress: '10.77.2.1', remoteAddress: '10.77.2.2', state: 'joining' },
  ]);
});

test('one connection that fell back makes the migration TCP', () => {
  const plain: ConnectionSample = { id: 'tcp-1', protocol: 'tcp', fallback: false, bytesSent: 0, bytesReinjected: 0 };
  const both = { ...sample, connections: [...sample.connections, plain] };
  expect(connectionEvidence({ ...seen, sample: both })?.protocol).toBe('tcp');
});

test('what TCP alone has acknowledged is what the subflows carried beyond the connection, and not twice', () => {
  const [connection, subflow] = [sample.connections[0], sample.subflows[0]];
  if (!connection || !subflow) throw new Error('there is no connection');
  const stripped = {
    connections: [{ ...connection, bytesSent: 1000, bytesReinjected: 200 }],
    subflows: [
      { ...subflow, bytesSent: 900 },
      { ...subflow, bytesSent: 700 },
    ],
  };
  expect(connectionEvidence({ ...seen, sample: stripped })?.bytesUnconfirmed).toBe(400);
});

test('there is no evidence before there is a connection', () => {
  expect(connectionEvidence({ ...seen, sample: { connections: [], subflows: [] } })).toBeUndefined();
});
