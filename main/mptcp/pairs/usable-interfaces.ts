import type { HostAddress, NetworkInterface } from '#contract/host.ts';
import type { LeftOutPair, LeftOutReason } from '#contract/migration.ts';
import { shellWord } from '#contract/plain-text.ts';
import { isLinkLocal } from '#main/mptcp/subnet.ts';
import type { HostEnd } from './host-network.ts';
import { isDeadEnd, PhysicalPorts } from './physical-ports.ts';

/** An interface that can carry subflows, as far as its own host shows. */
export interface UsableInterface {
  readonly port: NetworkInterface;
  /** In the order in which the kernel would take them: the first of its subnet first, those made up for privacy last. */
  readonly addresses: readonly HostAddress[];
  /** Names of the ports below it. */
  readonly physicalPorts: readonly string[];
  /** It may lead to containers alone, which no fact of its host shows: others go first. */
  readonly doubtful: boolean;
}

export interface UsableInterfaces {
  readonly usable: readonly UsableInterface[];
  readonly leftOut: readonly LeftOutPair[];
}

/** Which interfaces of a host can carry subflows, and why the others cannot. Asks nothing. */
export function usableInterfaces(end: HostEnd): UsableInterfaces {
  const { interfaces } = end.host;
  const ports = new PhysicalPorts(interfaces, end.sameMachine);
  const parents = new Set(interfaces.flatMap(({ parent }) => parent ?? []));
  const kinds = new Map(interfaces.map(({ name, kind }) => [name, kind]));
  const usable: UsableInterface[] = [];
  const leftOut: LeftOutPair[] = [];
  for (const port of interfaces) {
    const addresses = rankedAddresses(port);
    const verdict =
      verdictOf(port, ports, kinds, end.host.named) ??
      (addresses.length > 0 ? undefined : (addressVerdict(port) ?? 'no-address'));
    if (verdict === undefined) {
      const below = ports.below(port);
      usable.push({
        port,
        addresses,
        physicalPorts: below.map(({ name }) => name),
        doubtful: below.every(({ doubtful }) => doubtful),
      });
    } else if (isOfInterest(port, verdict, parents)) leftOut.push(describe(end, port, verdict));
  }
  return { usable, leftOut };
}

function verdictOf(
  port: NetworkInterface,
  ports: PhysicalPorts,
  kinds: ReadonlyMap<string, string | undefined>,
  named: readonly string[] = [],
): LeftOutReason | undefined {
  if (!port.up) return 'interface-down';
  if (isDeadEnd(port)) return 'leads-nowhere';
  // A VRF is a routing table of its own for interfaces that keep their addresses.
  if (port.master !== undefined && kinds.get(port.master) !== 'vrf') return 'port-of-another';
  const below = ports.below(port);
  if (below.length === 0) return ports.couldLeadOut(port) ? 'no-carrier' : 'bridge-without-port';
  if (!port.carrier) return 'no-carrier';
  return below.every(({ tunnel }) => tunnel) && !named.includes(port.name) ? 'tunnel' : undefined;
}

function rankedAddresses({ addresses }: NetworkInterface): readonly HostAddress[] {
  const rank = ({ flags = [] }: HostAddress): number => {
    if (flags.includes('temporary')) return 2;
    return flags.includes('secondary') ? 1 : 0;
  };
  return addresses
    .filter((each) => !isLinkLocal(each.address) && objectionTo(each) === undefined)
    .toSorted((one, other) => rank(one) - rank(other));
}

/** The kernel refuses to send from an address that it has not checked yet; one that is to go must not begin anything. */
function objectionTo({ flags = [], scope }: HostAddress): LeftOutReason | undefined {
  if (flags.includes('duplicate')) return 'address-duplicate';
  if (flags.includes('tentative')) return 'address-tentative';
  if (flags.includes('deprecated')) return 'address-deprecated';
  return scope === 'host' ? 'address-scope' : undefined;
}

function addressVerdict({ addresses }: NetworkInterface): LeftOutReason | undefined {
  return addresses.flatMap((each) => (isLinkLocal(each.address) ? [] : (objectionTo(each) ?? [])))[0];
}

/** Ports of bridges, sockets without a cable and trunks have no addresses because they need none. */
function isOfInterest(port: NetworkInterface, verdict: LeftOutReason, parents: ReadonlySet<string>): boolean {
  if (port.addresses.some(({ address }) => !isLinkLocal(address))) return true;
  const isHardware = port.kind === undefined && !parents.has(port.name);
  return isHardware && (verdict === 'no-carrier' || verdict === 'no-address');
}

function describe({ side, host }: HostEnd, port: NetworkInterface, reason: LeftOutReason): LeftOutPair {
  const address = port.addresses.find((each) => !isLinkLocal(each.address))?.address;
  const where = `${port.name} of ${host.id}`;
  const command = reason === 'interface-down' ? `ip link set ${shellWord(port.name)} up` : undefined;
  return {
    ...(side === 'source' ? { sourceInterface: port.name } : { destinationInterface: port.name }),
    ...(address === undefined ? {} : side === 'source' ? { sourceAddress: address } : { destinationAddress: address }),
    reason,
    text: sentenceFor(reason, where, port, address),
    ...(command === undefined ? {} : { command, commandSide: side }),
  };
}

function sentenceFor(
  reason: LeftOutReason,
  where: string,
  { kind, master }: NetworkInterface,
  address: string | undefined,
): string {
  switch (reason) {
    case 'interface-down':
      return `${where} is down.`;
    case 'no-carrier':
      return `${where} has no carrier: no cable, or nothing at its other end.`;
    case 'port-of-another':
      return `${where} is a port of ${master ?? 'another interface'}, which carries the addresses.`;
    case 'tunnel':
      return `${where} is a tunnel${kind === undefined ? '' : ` (${kind})`}: its packets leave by another interface, whose capacity they share.`;
    case 'leads-nowhere':
      return `${where} is a ${kind ?? 'dummy'} interface: no packet leaves the host there.`;
    case 'bridge-without-port':
      return `${where} has no port that leads out of the host, as is usual for bridges of containers and guests.`;
    case 'address-duplicate':
      return `${where} has ${address ?? 'an address'}, which another host on the link has too (dadfailed).`;
    case 'address-tentative':
      return `${where} has ${address ?? 'an address'}, which the kernel is still checking (tentative).`;
    case 'address-deprecated':
      return `${where} has ${address ?? 'an address'}, which is deprecated.`;
    case 'address-scope':
      return `${where} has ${address ?? 'an address'}, which is valid only on this host (scope host).`;
    default:
      return `${where} has no address.`;
  }
}
