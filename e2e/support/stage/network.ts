import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { linkCommands, type LinkFault } from '#lab/links.ts';
import { labSides, type LabNames } from '#lab/names.ts';
import { withNetworkNamespace } from '#native/network-namespace.ts';

/**
 * What befalls the links of a lab. Unlike the lab's own commands these ask nothing and block until the kernel has done it:
 * a few milliseconds, which a switchover leaves.
 */
export class Network {
  readonly #names: LabNames;
  readonly #links: readonly number[];

  constructor(names: LabNames, links: number) {
    this.#names = names;
    this.#links = Array.from({ length: links }, (_, position) => position + 1);
  }

  /** One link, or all of them. */
  cut(how: LinkFault, link?: number): void {
    this.#put(how, link);
  }

  restore(link?: number): void {
    this.#put('up', link);
  }

  /** A host that no packet can reach: connecting there fails at once. */
  refuse(host: string, address: string): void {
    ip(host, [`route replace unreachable ${address}/32`]);
  }

  allow(host: string, address: string): void {
    ip(host, [`route delete unreachable ${address}/32`]);
  }

  /** A host has an address of the other one itself, as two hosts have that were made alike. */
  own(host: string, address: string): void {
    ip(host, [`address add ${address}/32 dev lo`]);
  }

  disown(host: string, address: string): void {
    ip(host, [`address delete ${address}/32 dev lo`]);
  }

  /** What another program has set up for itself on a host: an endpoint on which nothing joins, and limits of its own choice. */
  furnish(host: string): void {
    ip(host, [
      'mptcp endpoint add 192.0.2.77 id 77 backup',
      // One side has more than a migration needs, the other less.
      `mptcp limits set subflows ${host === this.#names.source ? 1 : 5} add_addr_accepted 0`,
    ]);
  }

  /** net.mptcp.enabled: sockets that are opened from now on. */
  setMptcp(host: string, enabled: boolean): void {
    withNetworkNamespace({ name: host }, () => writeFileSync('/proc/sys/net/mptcp/enabled', enabled ? '1' : '0'));
  }

  #put(state: LinkFault | 'up', link: number | undefined): void {
    const links = link === undefined ? this.#links : [link];
    for (const side of labSides) {
      ip(
        this.#names[side],
        links.flatMap((index) => linkCommands(index, state, 'source')[side]),
      );
    }
  }
}

function ip(namespace: string, commands: readonly string[]): void {
  if (commands.length === 0) return;
  const input = `${commands.join('\n')}\n`;
  const { status, stderr } = spawnSync('ip', ['-n', namespace, '-batch', '-'], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip on ${namespace}: ${stderr.trim()}`);
}
