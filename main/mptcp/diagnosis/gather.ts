import type { ConnectionReport } from '#main/engine/ports.ts';
import type { ConnectionEvidence } from './evidence.ts';

/** What was seen of a migration's connections, taken together; `undefined` before there is one. */
export function connectionEvidence(
  report: Pick<ConnectionReport, 'sample' | 'troubles' | 'wasMptcp' | 'stalledMs'>,
): ConnectionEvidence | undefined {
  const { sample, troubles, wasMptcp, stalledMs } = report;
  if (sample.connections.length === 0) return undefined;
  const plain = sample.connections.filter(({ protocol }) => protocol === 'tcp');
  const established = sample.subflows
    .filter(({ state }) => state !== 'closed')
    .map(({ localAddress, remoteAddress, interface: name, state }) => {
      return { localAddress, remoteAddress, interface: name, state };
    });
  const carried = sample.subflows.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  const counted = sample.connections.reduce((sum, each) => sum + each.bytesSent + each.bytesReinjected, 0);
  return {
    protocol: plain.length > 0 ? 'tcp' : 'mptcp',
    fallback: plain.some(({ fallback }) => fallback),
    wasMptcp,
    subflows: [...established, ...troubles.unanswered.map((ends) => ({ ...ends, state: 'joining' as const }))],
    closed: troubles.closed,
    stalledMs,
    bytesUnconfirmed: Math.max(0, carried - counted),
  };
}
