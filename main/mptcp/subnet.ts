import { BlockList, isIPv6 } from 'node:net';

/** Whether `address` lies in the subnet that `network/prefixLength` names; never across address families. */
export function inSubnet(address: string, network: string, prefixLength: number): boolean {
  if (isIPv6(network) !== isIPv6(address)) return false;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const subnet = new BlockList();
  subnet.addSubnet(network, prefixLength, family);
  return subnet.check(address, family);
}

/** fe80::/10 is on every link and says nothing about which two ports are cabled together. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
