import type { Sample } from '#contract/telemetry.ts';
import type { ClosedSubflows } from '#main/mptcp/closed-subflows.ts';
import type { Connection } from '#main/mptcp/connections.ts';
import type { ConnectionEvidence, SubflowEvidence } from './evidence.ts';

export interface Observed {
  readonly sample: Pick<Sample, 'connections' | 'subflows'>;
  /** The same reading with all that the kernel told, as `MigrationSampler.connections` has it. */
  readonly connections: readonly Connection[];
  readonly closed: Pick<ClosedSubflows, 'of'> | undefined;
  readonly wasMptcp: boolean;
  readonly stalledMs: number;
}

/** What the samples of a migration say about its connections, taken together; `undefined` before there is one. */
export function connectionEvidence(observed: Observed): ConnectionEvidence | undefined {
  const { sample, connections, closed, wasMptcp, stalledMs } = observed;
  if (sample.connections.length === 0) return undefined;
  const plain = sample.connections.filter(({ protocol }) => protocol === 'tcp');
  const tokens = connections.flatMap(({ socket }) => (socket?.info ? [socket.info.token] : []));
  return {
    protocol: plain.length > 0 ? 'tcp' : 'mptcp',
    fallback: plain.some(({ fallback }) => fallback),
    wasMptcp,
    subflows: [...establishedSubflows(sample), ...unansweredJoins(connections)],
    closed: tokens.flatMap((token) => closed?.of(token) ?? []),
    stalledMs,
  };
}

function establishedSubflows({ subflows }: Observed['sample']): SubflowEvidence[] {
  return subflows
    .filter(({ state }) => state !== 'closed')
    .map(({ localAddress, remoteAddress, interface: name, state }) => ({
      localAddress,
      remoteAddress,
      interface: name,
      state,
    }));
}

/** A first packet that was sent again: a join takes one round trip, so this one was not merely young. */
function unansweredJoins(connections: readonly Connection[]): SubflowEvidence[] {
  return connections
    .flatMap(({ subflows }) => subflows)
    .filter(({ state, info }) => state === 'syn-sent' && (info?.consecutiveTimeouts ?? 0) > 0)
    .map(({ localAddress, remoteAddress }) => ({ localAddress, remoteAddress, state: 'joining' }));
}
