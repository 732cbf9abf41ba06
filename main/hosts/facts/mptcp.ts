import { shellWord } from '#contract/plain-text.ts';
import { readdirSync, readFileSync } from 'node:fs';
import type { MptcpEndpoint, MptcpFacts } from '#contract/host.ts';
import { parseMptcpCounters } from '#main/mptcp/counters.ts';
import { NativeError } from '#native/native-error.ts';
import type { Endpoint } from '#native/netlink/mptcp-endpoint.ts';
import { openPathManager } from '#native/netlink/open-session.ts';
import type { NetworkNamespacePlace } from '#native/network-namespace.ts';
import { openSocket } from '#native/socket.ts';

/** The network namespace that is looked at, and how to run a synchronous function in it. */
interface Place {
  readonly namespace: NetworkNamespacePlace | undefined;
  run<Result>(fn: () => Result extends PromiseLike<unknown> ? never : Result): Result;
}

/** What of /proc/sys/net decides whether several paths carry a migration, beside all of `mptcp/`. */
const relevantSysctls = [
  'ipv4/tcp_congestion_control',
  'ipv4/tcp_notsent_lowat',
  'ipv4/tcp_rmem',
  'ipv4/tcp_rto_max_ms',
  'ipv4/tcp_shrink_window',
  'ipv4/tcp_syn_retries',
  'ipv4/tcp_wmem',
  'ipv4/conf/all/arp_announce',
  'ipv4/conf/all/arp_filter',
  'ipv4/conf/all/arp_ignore',
  'ipv4/conf/all/rp_filter',
] as const;

/**
 * What the kernel says about MPTCP in one network namespace. /proc/sys/net shows the namespace of the thread that opens
 * it, and so does /proc/thread-self/net; /proc/net would show that of the process's first thread. Only of interfaces that
 * are in use is it asked how they are set.
 */
export async function readMptcpFacts(
  place: Place,
  interfaceNames: ReadonlyMap<number, string>,
  inUse: readonly string[] = [...interfaceNames.values()],
): Promise<MptcpFacts> {
  const { namespace } = place;
  const perInterface = inUse.flatMap((name) => [
    `ipv4/conf/${name}/arp_filter`,
    `ipv4/conf/${name}/arp_ignore`,
    `ipv4/conf/${name}/rp_filter`,
  ]);
  const { refusal, sysctls, netstat } = place.run(() => ({
    refusal: probeSocket(),
    sysctls: readSysctls([...listMptcpSysctls(), ...relevantSysctls, ...perInterface]),
    netstat: readFileSync('/proc/thread-self/net/netstat', 'utf8'),
  }));
  return {
    usable: refusal === undefined,
    ...(refusal === undefined ? {} : explain(refusal, namespace)),
    sysctls,
    counters: { ...parseMptcpCounters(netstat) },
    ...(await readPathManager(namespace, interfaceNames)),
  };
}

function probeSocket(): NativeError | undefined {
  try {
    openSocket('ipv4', 'mptcp')[Symbol.dispose]();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof NativeError) return thrown;
    throw thrown;
  }
}

/**
 * ENOPROTOOPT: switched off; EPROTONOSUPPORT: not built; EINVAL: older than MPTCP (net/mptcp/protocol.c,
 * net/socket.c).
 */
function explain(
  refusal: NativeError,
  namespace: NetworkNamespacePlace | undefined,
): Pick<MptcpFacts, 'reason' | 'remedy'> {
  switch (refusal.code) {
    case 'ENOPROTOOPT': {
      const prefix =
        namespace !== undefined && 'name' in namespace ? `ip netns exec ${shellWord(namespace.name)} ` : '';
      return { reason: 'MPTCP is switched off in this kernel.', remedy: `${prefix}sysctl -w net.mptcp.enabled=1` };
    }
    case 'EPROTONOSUPPORT':
      return {
        reason: 'This kernel was built without MPTCP.',
        remedy: 'Install a kernel with CONFIG_MPTCP=y (Linux 5.16 or later).',
      };
    case 'EINVAL':
      return { reason: 'This kernel is older than MPTCP.', remedy: 'Install Linux 5.16 or later.' };
    default:
      return { reason: refusal.message, remedy: 'Fix what the message names.' };
  }
}

function listMptcpSysctls(): readonly string[] {
  try {
    return readdirSync('/proc/sys/net/mptcp').map((name) => `mptcp/${name}`);
  } catch {
    return [];
  }
}

function readSysctls(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = readSysctl(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/net/${name}`, 'utf8').trim().replaceAll('\t', ' ');
  } catch {
    // Not in this kernel, or only for root.
    return undefined;
  }
}

async function readPathManager(
  namespace: NetworkNamespacePlace | undefined,
  interfaceNames: ReadonlyMap<number, string>,
): Promise<Pick<MptcpFacts, 'endpoints' | 'limits'>> {
  try {
    using manager = await openPathManager(namespace);
    return {
      endpoints: (await manager.endpoints()).map((endpoint) => describeEndpoint(endpoint, interfaceNames)),
      limits: { ...(await manager.limits()) },
    };
  } catch (thrown) {
    // A kernel without a path manager has nothing to list; an older one shows it to root only.
    if (thrown instanceof NativeError) return { endpoints: [] };
    throw thrown;
  }
}

/** An endpoint in the contract's terms: interfaces by name. */
export function describeEndpoint(endpoint: Endpoint, interfaceNames: ReadonlyMap<number, string>): MptcpEndpoint {
  const { id, address, port, interfaceIndex, flags } = endpoint;
  const name = interfaceIndex === undefined ? undefined : interfaceNames.get(interfaceIndex);
  return {
    id,
    address,
    ...(port === undefined ? {} : { port }),
    ...(name === undefined ? {} : { interface: name }),
    flags: [...flags],
  };
}
