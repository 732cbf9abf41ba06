import { expect, test } from 'vitest';
import { interfaceSetting, settingCommand } from './sysctl-commands.ts';

test('the dots of a VLAN in the name of a setting are written as slashes', () => {
  expect(settingCommand('ipv4', 'bond0.20', 'rp_filter', 2)).toBe('sysctl -w net.ipv4.conf.bond0/20.rp_filter=2');
});

test('a name that means something to a shell is quoted', () => {
  expect(interfaceSetting('ipv4', 'a b', 'arp_ignore', 1)).toBe("'net.ipv4.conf.a b.arp_ignore=1'");
});
