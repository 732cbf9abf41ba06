import type { NetworkInterface } from '#contract/host.ts';

/** Where the packets of an interface leave the host. */
export interface PhysicalPort {
  readonly name: string;
  /** Its packets leave inside those of another interface. */
  readonly tunnel: boolean;
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

  #find(port: NetworkInterface, depth: number): readonly PhysicalPort[] {
    const { kind = '', name, parent, physicalPort } = port;
    if (isDeadEnd(port)) return [];
    if (tunnels.has(kind)) return [{ name, tunnel: true }];
    if (parent !== undefined) {
      const lower = this.#byName.get(parent);
      return lower ? this.below(lower, depth) : [{ name: parent, tunnel: false }];
    }
    if (made.has(kind)) {
      const ports = (this.#byMaster.get(name) ?? []).filter((each) => this.#leadsOut(each));
      return ports.flatMap((each) => this.below(each, depth));
    }
    return [{ name: physicalPort === undefined ? name : `port ${physicalPort}`, tunnel: false }];
  }

  #leadsOut({ kind, up, carrier }: NetworkInterface): boolean {
    return up && carrier && kind !== 'tun' && (kind !== 'veth' || this.#sameMachine);
  }
}
