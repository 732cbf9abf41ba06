import type { BitsPerSecond } from '#contract/units.ts';
import { showInterfaces, showPermanentNeighbours } from './iproute2.ts';
import { nobodysHardwareAddress } from './links.ts';
import { shapedRates } from './shaped-rate.ts';

/** One interface of a lab host, as the kernel has it now. */
export interface ObservedInterface {
  readonly name: string;
  /** Up, with a carrier from the other end. */
  readonly carrier: boolean;
  /** Everything sent through it is lost. */
  readonly blackholed: boolean;
  readonly address: string | undefined;
  readonly rateBitsPerSecond: BitsPerSecond | undefined;
}

/** All interfaces of a host but its loopback, in the order of their indices. */
export async function observeInterfaces(namespace: string): Promise<ObservedInterface[]> {
  const [interfaces, neighbours, rates] = await Promise.all([
    showInterfaces(namespace),
    showPermanentNeighbours(namespace),
    shapedRates(namespace),
  ]);
  const blackholes = neighbours.filter((entry) => entry.lladdr === nobodysHardwareAddress).map((entry) => entry.dev);
  return interfaces
    .filter(({ flags }) => !flags.includes('LOOPBACK'))
    .map(({ ifname, flags, addr_info: addresses }) => ({
      name: ifname,
      carrier: flags.includes('UP') && flags.includes('LOWER_UP'),
      blackholed: blackholes.includes(ifname),
      address: addresses.find(({ family }) => family === 'inet')?.local,
      rateBitsPerSecond: rates.get(ifname),
    }));
}
