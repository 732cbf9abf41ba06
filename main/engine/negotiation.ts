import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEventOf } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { FallbackDiagnosis, Ports } from './ports.ts';

/**
 * What the kernel says the connections really are. A connection can begin as MPTCP and fall back with its first data, so
 * this is asked twice: when it is connected and once data has flowed.
 */
export type Negotiated = Pick<JournalEventOf<'negotiated'>, 'protocol' | 'connections'>;

export function negotiatedBy(sample: Sample): Negotiated | undefined {
  if (sample.connections.length === 0) return undefined;
  const plain = sample.connections.some((connection) => connection.protocol === 'tcp' || connection.fallback);
  return { protocol: plain ? 'tcp' : 'mptcp', connections: sample.connections };
}

export function negotiatedText(negotiated: Negotiated, subflows: number): string {
  if (negotiated.protocol === 'tcp') return 'the connection is plain TCP';
  const connections = negotiated.connections.length;
  return connections === 1
    ? `Multipath TCP confirmed by the kernel, ${count(subflows, 'subflow')}`
    : `Multipath TCP confirmed by the kernel on ${connections} connections, ${count(subflows, 'subflow')}`;
}

/** That it fell back must be told, also when nobody can say why. */
export async function whyTcp(ports: Pick<Ports, 'diagnoseFallback'>): Promise<FallbackDiagnosis | undefined> {
  try {
    return await ports.diagnoseFallback();
  } catch (thrown) {
    if (thrown instanceof SwitchyardError) return undefined;
    throw thrown;
  }
}

function count(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`;
}
