/** The MPTcpExt counters of one network namespace, by the kernel's own names (net/mptcp/mib.c). */
export type MptcpCounters = Readonly<Record<string, number>>;

/**
 * Reads the `MPTcpExt:` pair of lines of /proc/PID/net/netstat: names, then values in the same order. Kernels differ in
 * which names they have and in what order, so a counter is looked up by name or is absent. Empty without MPTCP.
 */
export function parseMptcpCounters(netstat: string): MptcpCounters {
  const prefix = 'MPTcpExt: ';
  const [names = [], values = []] = netstat
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length).trim().split(/\s+/));
  const pairs = names.map((name, index) => [name, Number(values[index])] as const);
  return Object.fromEntries(pairs.filter(([, value]) => Number.isFinite(value)));
}

/** What moved between two readings; names that stood still are left out. A counter that shrank (a gauge) is negative. */
export function counterChanges(before: MptcpCounters, after: MptcpCounters): MptcpCounters {
  const changes = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}
