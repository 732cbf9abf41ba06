import { shellWord } from './plain-text.ts';

/**
 * Sets what the kernel keeps for one interface, or for `all`. sysctl(8) takes a dot for a separator, so those of a name, as
 * that of a VLAN has, are written as slashes: `net.ipv4.conf.bond0/20.rp_filter`.
 */
export function settingCommand(family: 'ipv4' | 'ipv6', interfaceName: string, setting: string, value: number): string {
  return `sysctl -w ${interfaceSetting(family, interfaceName, setting, value)}`;
}

/** The same without `sysctl -w`, so that one command can set several. */
export function interfaceSetting(
  family: 'ipv4' | 'ipv6',
  interfaceName: string,
  setting: string,
  value: number,
): string {
  return shellWord(`net.${family}.conf.${interfaceName.replaceAll('.', '/')}.${setting}=${value}`);
}
