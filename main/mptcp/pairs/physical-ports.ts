import type { NetworkInterface } from '#contract/host.ts';

/** Where the packets of an interface leave the host. */
export interface PhysicalPort {
  readonly name: string;
  /** Its packets leave inside those of another interface. */
  readonly tunnel: boolean;
  /** A veth in a bridge: it may lead to the other host, and more often leads to a container. */
  readonly doubtful: boolean;
}

/**
 * Kinds (IFLA_INFO_KIND) that wrap packets in others. A `tun` with an address of its own leads to a program of this host, a
 * VPN's or an emulator's, not to a cable.
 */
const tunnels: ReadonlySet<string> = new Set([
  'amt',
  'bareudp',
  'erspan',
  'geneve',
  'gre',
  'gretap',
  'gtp',
  'ip6erspan',
  'ip6gre',
  'ip6gretap',
  'ip6tnl',
  'ipip',
  'ovpn',
  'sit',
  'tun',
  'vti',
  'vti6',
  'vxlan',
  'wireguard',
  'xfrm',
]);
/** Kinds whose packets never leave the host. */
const deadEnds: ReadonlySet<string> = new Set(['dummy', 'ifb', 'nlmon', 'vrf', 'vsockmon']);
/** Kinds that send through interfaces which belong to them. */
const made = new Set(['bond', 'bridge', 'team']);
/** Deeper than any stack of interfaces that the kernel allows (MAX_NEST_DEV is 8). */
const deepest = 16;

export function isDeadEnd({ kind = '' }: Pick<NetworkInterface, 'kind'>): boolean {
  return deadEnds.has(kind);
}

/**
 * The ports below each interface of a host: a VLAN, macvlan or ipvlan has that of its parent, a bond or bridge those that
 * belong to it. What leads to guests is no port, and neither is a veth, unless the other host is on this machine too.
 */
export class PhysicalPorts {
  readonly #byName: ReadonlyMap<string, NetworkInterface>;
  readonly #byMaster: ReadonlyMap<string | undefined, readonly NetworkInterface[]>;
  readonly #sameMachine: boolean;
  readonly #known = new Map<string, readonly PhysicalPort[]>();

  constructor(interfaces: readonly NetworkInterface[], sameMachine: boolean) {
    this.#byName = new Map(interfaces.map((each) => [each.name, each]));
    this.#byMaster = Map.groupBy(interfaces, ({ master }) => master);
    this.#sameMachine = sameMachine;
  }

  /** Empty for what no packet leaves. */
  below(port: NetworkInterface, depth = 0): readonly PhysicalPort[] {
    const known = this.#known.get(port.name);
    if (known || depth > deepest) return known ?? [];
    const found = this.#find(port, depth + 1);
    this.#known.set(port.name, found);
    return found;
  }

  /** There is a port below that could lead out, had it a carrier. */
  couldLeadOut({ name, parent }: NetworkInterface, depth = 0): boolean {
    const lower = parent === undefined ? undefined : this.#byName.get(parent);
    if (lower) return depth < deepest && this.couldLeadOut(lower, depth + 1);
    return (this.#byMaster.get(name) ?? []).some((each) => this.#isPort(each));
  }

  #find(port: NetworkInterface, depth: number): readonly PhysicalPort[] {
    const { kind = '', name, parent, physicalPort } = port;
    if (isDeadEnd(port)) return [];
    if (tunnels.has(kind)) return [{ name, tunnel: true, doubtful: false }];
    if (parent !== undefined) {
      const lower = this.#byName.get(parent);
      return lower ? this.below(lower, depth) : [{ name: parent, tunnel: false, doubtful: false }];
    }
    if (made.has(kind)) {
      const ports = (this.#byMaster.get(name) ?? []).filter((each) => this.#leadsOut(each));
      return ports.flatMap((each) => {
        return this.below(each, depth).map((below) => ({ ...below, doubtful: below.doubtful || each.kind === 'veth' }));
      });
    }
    return [{ name: physicalPort === undefined ? name : `port ${physicalPort}`, tunnel: false, doubtful: false }];
  }

  #leadsOut(port: NetworkInterface): boolean {
    return port.up && port.carrier && this.#isPort(port);
  }

  #isPort({ kind }: NetworkInterface): boolean {
    return kind !== 'tun' && (kind !== 'veth' || this.#sameMachine);
  }
}
