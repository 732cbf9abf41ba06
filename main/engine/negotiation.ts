import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEventOf } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { ConnectionReport, Ports } from './ports.ts';
import type { MigrationState } from './state.ts';

/**
 * What the connections really are, by the kernel. A connection can begin as MPTCP and fall back with its first data, so
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
  const where = connections === 1 ? '' : ` on ${connections} connections`;
  // The connection may be listed before its subflows are.
  const known = subflows === 0 ? '' : `, ${count(subflows, 'subflow')}`;
  return `Multipath TCP confirmed by the kernel${where}${known}`;
}

/** Where the destination listens, as far as that is known. */
export function listenerOf({ plan, listener }: MigrationState): ConnectionReport['listener'] {
  return {
    address: plan.listener?.host ?? '',
    port: listener?.port ?? plan.listener?.port ?? 0,
    mptcp: listener?.mptcp ?? false,
  };
}

/** That it fell back must be reported, also when the reason is not known. */
export async function whyTcp(
  ports: Pick<Ports, 'diagnose'>,
  report: ConnectionReport,
): Promise<{ readonly text: string; readonly command?: string } | undefined> {
  try {
    const [finding] = await ports.diagnose(report);
    return finding && { text: finding.text, ...(finding.command === undefined ? {} : { command: finding.command }) };
  } catch (thrown) {
    if (thrown instanceof SwitchyardError) return undefined;
    throw thrown;
  }
}

function count(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`;
}
