import type { Netdev } from '#main/likeness/portrait.ts';

/** Reads what `info network` prints (net/net.c, print_net_client); network cards are devices and stand in the device tree. */
export function parseNetworkBackends(text: string): readonly Netdev[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, id, type, details = ''] =
      /^[ \\]*(?:hub\d+port\d+: )?(\S+): index=0,type=([\w-]+),?(.*)$/.exec(line.trimEnd()) ?? [];
    return id === undefined || type === undefined || type === 'nic' ? [] : [{ id, type, details }];
  });
}
