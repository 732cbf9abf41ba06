import type { BitsPerSecond } from '#contract/units.ts';
import type { LabPlan } from './options.ts';
import { labSides, type LabSide } from './names.ts';

/** One end of a link. The interface has the same name on both hosts, as on two servers of one kind. */
export interface LinkEnd {
  readonly interface: string;
  readonly address: string;
}

/** Links count from 1, as operators do. */
export function linkEnd(index: number, side: LabSide): LinkEnd {
  return { interface: `eth${index}`, address: `10.77.${index}.${side === 'source' ? 1 : 2}` };
}

/**
 * What the hosts of a lab send with, as nearly all do: it is the default of Linux and of its distributions. A namespace may
 * only have by default what the machine has by default, but a route may name any.
 */
export const congestionControl = 'cubic';

/** Beside the route of the subnet, which stays when this one has gone with its interface. */
function routeToNeighbour(index: number, side: LabSide): string {
  const { interface: name, address } = linkEnd(index, side);
  return `route replace ${linkEnd(index, otherSide(side)).address} dev ${name} src ${address} congctl ${congestionControl}`;
}

export function otherSide(side: LabSide): LabSide {
  return side === 'source' ? 'destination' : 'source';
}

/** Batches for `ip -batch` and `tc -batch`, to run in this order. */
export interface HostCommands {
  readonly ip: readonly string[];
  readonly tc: readonly string[];
}

/** Commands, outside of any namespace, that join the two hosts. */
export function wiring(plan: LabPlan): readonly string[] {
  return plan.linkRatesBitsPerSecond.map((_, position) => {
    const end = linkEnd(position + 1, 'source').interface;
    return `link add name ${end} netns ${plan.names.source} type veth peer name ${end} netns ${plan.names.destination}`;
  });
}

/**
 * Commands inside one host. MPTCP is prepared for moves in both directions: each host announces its further addresses
 * (the destination of a migration is the one whose announcement counts) and accepts as many.
 */
export function hostCommands(plan: LabPlan, side: LabSide): HostCommands {
  const links = plan.linkRatesBitsPerSecond.map((rate, position) => ({
    rate,
    index: position + 1,
    ...linkEnd(position + 1, side),
  }));
  const pathManager = [
    'mptcp limits set subflows 8 add_addr_accepted 8',
    ...links.slice(1).map((link) => `mptcp endpoint add ${link.address} dev ${link.interface} signal`),
  ];
  return {
    ip: [
      'link set lo up',
      ...links.flatMap((link) => [
        `addr add ${link.address}/24 dev ${link.interface}`,
        `link set ${link.interface} up`,
        routeToNeighbour(link.index, side),
      ]),
      ...(plan.pathManager === 'configured' ? pathManager : []),
    ],
    tc: links.map((link) => `qdisc replace dev ${link.interface} root ${tokenBucket(link.rate)}`),
  };
}

/**
 * A bucket of 4 ms keeps the processor out of the measurement: at 500 Mbit/s TCP gets 95.6 % of the rate (1448 of 1514
 * bytes) and MPTCP over two links 98 % of twice that, with cubic and with bbr. It must hold one 64 KiB segment.
 * The queue of 20 ms is a switch's, not a modem's: RTT stays honest while the link is full.
 */
function tokenBucket(rate: BitsPerSecond): string {
  const burstBytes = Math.max(64 * 1024, Math.ceil((rate / 8) * 0.004));
  return `tbf rate ${Math.round(rate)}bit burst ${burstBytes} latency 20ms`;
}

/** How a link fails: `down` takes the carrier away, `silent` keeps it while everything sent is lost. */
export type LinkFault = 'down' | 'silent';

/** A locally administered address that no interface has: what is sent to it is dropped by the receiver. */
export const nobodysHardwareAddress = '02:00:00:00:00:01';

/** Commands by host that put a link into a state. Restoring undoes either fault. */
export function linkCommands(
  index: number,
  wanted: LinkFault | 'up',
  carrierSide: LabSide,
): Record<LabSide, readonly string[]> {
  const commands = (side: LabSide): readonly string[] => {
    const { interface: name } = linkEnd(index, side);
    const neighbour = linkEnd(index, otherSide(side)).address;
    switch (wanted) {
      case 'down':
        return side === carrierSide ? [`link set ${name} down`] : [];
      case 'silent':
        return [
          `link set ${name} up`,
          `neigh replace ${neighbour} lladdr ${nobodysHardwareAddress} nud permanent dev ${name}`,
        ];
      case 'up':
        return [
          `link set ${name} up`,
          routeToNeighbour(index, side),
          `neigh flush to ${neighbour} dev ${name} nud permanent`,
        ];
    }
  };
  const [source, destination] = labSides.map(commands);
  return { source: source ?? [], destination: destination ?? [] };
}
