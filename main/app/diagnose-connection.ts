import type { HostFacts } from '#contract/host.ts';
import type { ConnectionFinding, Plan, Side } from '#contract/migration.ts';
import { typedOn } from '#contract/mptcp-commands.ts';
import type { ConnectionReport, MigrationHost } from '#main/engine/ports.ts';
import { counterChanges } from '#main/mptcp/counters.ts';
import { diagnose } from '#main/mptcp/diagnosis/diagnose.ts';
import type { Finding, SideEvidence } from '#main/mptcp/diagnosis/evidence.ts';
import { connectionEvidence } from '#main/mptcp/diagnosis/gather.ts';

/**
 * Why a connection is plain TCP, or does not use all its paths: asks both kernels again, compares with what they said
 * before anything was done, and reads the signs of the connection itself.
 */
export async function diagnoseConnection(
  plan: Plan,
  hosts: Readonly<Record<Side, Pick<MigrationHost, 'facts' | 'unansweredNeighbours'>>>,
  report: ConnectionReport,
): Promise<ConnectionFinding[]> {
  const connection = connectionEvidence(report);
  if (!connection) return [];
  const [source, destination, unansweredNeighbours] = await Promise.all([
    hosts.source.facts(),
    hosts.destination.facts(),
    hosts.source.unansweredNeighbours(),
  ]);
  const findings = diagnose({
    source: sideOf(plan.source, source),
    // Which program waits there is known only of a QEMU that Switchyard starts.
    destination: sideOf(plan.destination, plan.waiting ? without(destination, 'qemu') : destination),
    connection,
    paths: plan.paths,
    unansweredNeighbours,
    socketOwner: plan.settings.socket,
    listener: report.listener,
  });
  return findings.map((finding) => inContractTerms(finding, finding.side === 'source' ? source : destination));
}

function sideOf(before: HostFacts, now: SideEvidence['host']): SideEvidence {
  return { host: now, changes: counterChanges(before.mptcp.counters, now.mptcp.counters) };
}

function without<Value extends object, Key extends keyof Value>(value: Value, key: Key): Omit<Value, Key> {
  const { [key]: _left, ...rest } = value;
  return rest;
}

function inContractTerms({ side, sentence, command }: Finding, host: HostFacts): ConnectionFinding {
  return { side, text: sentence, ...(command === undefined ? {} : { command: typedOn(host, command) }) };
}
