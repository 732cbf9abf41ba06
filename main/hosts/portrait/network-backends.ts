import type { Netdev } from '#main/likeness/portrait.ts';

/**
 * Reads what `info network` prints (net/net.c, print_net_client), a line for each queue; network cards are devices and stand
 * in the device tree. `userNetworks` is what `info usernet` prints.
 */
export function parseNetworkBackends(text: string, userNetworks: string): readonly Netdev[] {
  const forwards = parseForwards(userNetworks);
  const found = new Map<string, Netdev>();
  for (const line of text.split(/\r?\n/)) {
    const [, id, index, type, details = ''] =
      /^[ \\]*(?:hub\d+port\d+: )?(\S+): index=(\d+),type=([\w-]+),?(.*)$/.exec(line.trimEnd()) ?? [];
    if (id === undefined || index === undefined || type === undefined || type === 'nic') continue;
    const known = found.get(id);
    found.set(
      id,
      known
        ? { ...known, queues: known.queues + 1 }
        : { id, type, details, queues: 1, forwards: forwards.get(id) ?? [] },
    );
  }
  return [...found.values()];
}

/**
 * Forwarded ports by the id of their network, from lines such as
 * `TCP[HOST_FORWARD]  13  127.0.0.1  2222  10.0.2.15  22  0  0` below `Hub -1 (n0):` (net/slirp.c, libslirp/src/misc.c).
 */
function parseForwards(text: string): ReadonlyMap<string, readonly string[]> {
  const forwards = new Map<string, string[]>();
  let id = '';
  for (const line of text.split(/\r?\n/)) {
    id = /^(?:Hub|VLAN) .*\((.*)\):$/.exec(line)?.[1] ?? id;
    const [, protocol, host = '', port, guest, guestPort] =
      /^ *(TCP|UDP)\[HOST_FORWARD\] +\d+ +(\S+) +(\d+) +(\S+) +(\d+) /.exec(line) ?? [];
    if (protocol === undefined) continue;
    const forward = `${protocol.toLowerCase()}:${host === '*' ? '' : host}:${port ?? ''}-${guest ?? ''}:${guestPort ?? ''}`;
    forwards.set(id, [...(forwards.get(id) ?? []), forward]);
  }
  return forwards;
}
