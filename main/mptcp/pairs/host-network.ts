import type { HostFacts, NetworkInterface } from '#contract/host.ts';
import type { Side } from '#contract/migration.ts';

/** What of a host decides which of its interfaces can carry a subflow. */
export type HostNetwork = Pick<HostFacts, 'id' | 'kernel' | 'bootId' | 'interfaces' | 'mptcp'> & {
  /** Interfaces that the operator asks for by name: also where they would not be used unasked. */
  readonly named?: readonly string[];
};

/** A host at its end of a migration. */
export interface HostEnd {
  readonly side: Side;
  readonly host: HostNetwork;
  /** The other end is on this machine too, so that a veth may lead there. */
  readonly sameMachine: boolean;
}

/** The stricter of what is set for all interfaces and for this one, as the kernel takes it; 0 where neither is known. */
export function effectiveSetting({ mptcp }: HostNetwork, name: string, interfaceName: string): number {
  const values = ['all', interfaceName].map((scope) => Number(mptcp.sysctls[`ipv4/conf/${scope}/${name}`] ?? 0));
  return Math.max(...values);
}

/** Linux 6.18 brought endpoints that answer an announced address, one each, bound to an interface. */
const laminarSince = [6, 18] as const;

export function hasLaminarEndpoints({ kernel }: Pick<HostFacts, 'kernel'>): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return major > laminarSince[0] || (major === laminarSince[0] && minor >= laminarSince[1]);
}

/** Fastest first; the order of the kernel among equals. */
export function fasterFirst(one: NetworkInterface, other: NetworkInterface): number {
  return (other.speedBitsPerSecond ?? 0) - (one.speedBitsPerSecond ?? 0);
}
