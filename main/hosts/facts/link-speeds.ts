import type { BitsPerSecond } from '#contract/units.ts';
import type { NetworkLink } from '#native/netlink/network-links.ts';

/** How fast one interface is, as far as that is known; in the contract's terms. */
export interface LinkSpeeds {
  readonly speedBitsPerSecond?: BitsPerSecond;
  readonly linkBitsPerSecond?: BitsPerSecond;
}

export interface SpeedSources {
  /** By a token bucket filter at its root; of what leaves here, never of what arrives. */
  readonly shaped: (index: number) => BitsPerSecond | undefined;
  /** By the driver of a piece of hardware. */
  readonly reported: (link: NetworkLink) => BitsPerSecond | undefined;
}

/** Deeper than any stack of interfaces that works; the kernel itself stops at 8 (MAX_NEST_DEV). */
const deepest = 16;

/**
 * The speeds of interfaces by index. A VLAN, a macvlan and the like have that of their port. One flow leaves a bridge or a
 * bond by one of its ports: by the active one, by the fastest, or, in turns (`balance-rr`), by all of them.
 */
export function linkSpeeds(links: readonly NetworkLink[], sources: SpeedSources): ReadonlyMap<number, LinkSpeeds> {
  const byIndex = new Map(links.map((link) => [link.index, link]));
  const portsByMaster = Map.groupBy(links, ({ masterIndex }) => masterIndex);
  const known = new Map<number, LinkSpeeds>();

  const speedsOf = (link: NetworkLink, depth = 0): LinkSpeeds => {
    const before = known.get(link.index);
    if (before || depth > deepest) return before ?? {};
    const below = speedsBelow(link, depth + 1);
    const linkBitsPerSecond = sources.reported(link) ?? below.linkBitsPerSecond;
    const speed = least(sources.shaped(link.index), least(below.speedBitsPerSecond, linkBitsPerSecond));
    const speeds = {
      ...(speed === undefined ? {} : { speedBitsPerSecond: speed }),
      ...(linkBitsPerSecond === undefined ? {} : { linkBitsPerSecond }),
    };
    known.set(link.index, speeds);
    return speeds;
  };

  const speedsBelow = (link: NetworkLink, depth: number): LinkSpeeds => {
    const lower = link.kind === 'veth' || link.lowerNamespace !== undefined ? undefined : link.lowerIndex;
    const parent = lower === undefined ? undefined : byIndex.get(lower);
    if (parent && parent !== link) return speedsOf(parent, depth);
    const ports = (portsByMaster.get(link.index) ?? []).filter(({ carrier, index, kind }) => {
      // A tap leads to a guest, however fast that one is.
      return carrier && kind !== 'tun' && (link.activePortIndex === undefined || index === link.activePortIndex);
    });
    return together(
      ports.map((port) => speedsOf(port, depth)),
      link.bondMode === 'balance-rr' ? sum : greatest,
    );
  };

  for (const link of links) speedsOf(link);
  return known;
}

function together(ports: readonly LinkSpeeds[], join: (speeds: readonly number[]) => number): LinkSpeeds {
  const speeds = ports.flatMap(({ speedBitsPerSecond }) => speedBitsPerSecond ?? []);
  const links = ports.flatMap(({ linkBitsPerSecond }) => linkBitsPerSecond ?? []);
  return {
    ...(speeds.length === 0 ? {} : { speedBitsPerSecond: join(speeds) }),
    ...(links.length === 0 ? {} : { linkBitsPerSecond: join(links) }),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function greatest(numbers: readonly number[]): number {
  return Math.max(...numbers);
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
