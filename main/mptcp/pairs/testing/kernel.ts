import type { NetworkInterface, RouteAnswer, RouteQuestion } from '#contract/host.ts';
import { inSubnet } from '#main/mptcp/subnet.ts';
import type { AskRoutes } from '#main/mptcp/pairs/ask-routes.ts';
import type { HostNetwork } from '#main/mptcp/pairs/host-network.ts';

/** Hosts and their routing for tests: a host whose routes are those of its subnets, unless a test says otherwise. */

export function host(
  id: string,
  interfaces: readonly NetworkInterface[],
  more: Partial<HostNetwork> = {},
): HostNetwork {
  return {
    id,
    kernel: '6.18.0',
    bootId: `boot of ${id}`,
    interfaces: [...interfaces],
    mptcp: { usable: true, sysctls: {}, endpoints: [], counters: {} },
    ...more,
  };
}

/** An interface that is up, with addresses as `ip address` writes them: `10.0.1.1/24`. */
export function port(
  name: string,
  addresses: string | readonly string[],
  more: Partial<NetworkInterface> = {},
): NetworkInterface {
  return {
    name,
    index: 1,
    up: true,
    carrier: true,
    mtu: 1500,
    addresses: [addresses].flat().map((text) => {
      const [address = '', prefixLength = ''] = text.split('/');
      return { address, prefixLength: Number(prefixLength) };
    }),
    ...more,
  };
}

/** A port of 1 Gbit/s, as the hardware reports it. */
export function gigabit(name: string, addresses: string | readonly string[], more: Partial<NetworkInterface> = {}) {
  return port(name, addresses, { speedBitsPerSecond: 1e9, linkBitsPerSecond: 1e9, ...more });
}

export interface Routing extends RouteQuestion {
  /** Absent where there is no route. */
  readonly interface?: string;
  readonly gateway?: string;
  readonly chosenSource?: string;
}

/** What the kernel of such a host answers; `exceptions` go before its subnets. */
export function kernelOf({ interfaces }: HostNetwork, exceptions: readonly Routing[] = []): AskRoutes {
  const answer = ({ from, to }: RouteQuestion): RouteAnswer => {
    const own = interfaces.some(({ addresses }) => addresses.some(({ address }) => address === to));
    if (own) return { from, to, interface: undefined, gateway: undefined, local: true };
    const known = exceptions.find((each) => each.to === to && each.from === from);
    if (known) return { ...known, from, to, interface: known.interface, gateway: known.gateway };
    const connected = interfaces.flatMap(({ name, up, addresses }) => {
      const local = addresses.find(({ address, prefixLength }) => inSubnet(to, address, prefixLength));
      return up && local ? [{ name, address: local.address }] : [];
    })[0];
    return { from, to, interface: connected?.name, gateway: undefined, chosenSource: from ?? connected?.address };
  };
  return (questions) => Promise.resolve(questions.map(answer));
}
