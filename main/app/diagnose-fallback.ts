import type { HostFacts } from '#contract/host.ts';
import type { Plan } from '#contract/migration.ts';
import type { FallbackDiagnosis, MigrationHost } from '#main/engine/ports.ts';

/** Asks both kernels again, now that a connection which should be Multipath TCP turned out not to be. */
export async function diagnoseFallback(
  plan: Plan,
  source: MigrationHost,
  destination: MigrationHost,
): Promise<FallbackDiagnosis> {
  const [from, to] = await Promise.all([source.facts(), destination.facts()]);
  for (const host of [to, from]) {
    if (!host.mptcp.usable) {
      const text = `the connection is plain TCP, because the kernel of ${host.id} does not speak MPTCP: ${host.mptcp.reason ?? 'it gives no reason'}`;
      return host.mptcp.remedy === undefined ? { text } : { text, command: host.mptcp.remedy };
    }
  }
  return fromCounters(plan, from);
}

/** The source's MPTcpExt counters since the plan (reference: net/mptcp/mib.c): which step of the handshake was refused. */
function fromCounters(plan: Plan, source: HostFacts): FallbackDiagnosis {
  const rose = (name: string): boolean => (source.mptcp.counters[name] ?? 0) > (plan.source.mptcp.counters[name] ?? 0);
  if (rose('MPCapableSYNTXDrop') || rose('MPCapableSYNTXDisabled')) {
    return {
      text: `the connection is plain TCP: a firewall drops MPTCP's first packet, and the kernel of ${source.id} has stopped trying for an hour`,
      command: 'sysctl -w net.mptcp.blackhole_timeout=3600',
    };
  }
  if (rose('MPCapableFallbackSYNACK')) {
    return {
      text: `the connection is plain TCP: ${plan.destination.id} answered without MPTCP, or something between strips the option`,
    };
  }
  return { text: 'the connection is plain TCP' };
}
