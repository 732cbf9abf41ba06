import type { Guest, HostFacts } from '#contract/host.ts';
import type { LabView } from '#contract/lab.ts';

type Link = LabView['links'][number];

/** A lab of two hosts, as far as a window can see it. */
export class FakeLab {
  readonly name: string;
  guestHost: string;
  #links: readonly Link[];

  constructor(name: string, rates: readonly number[]) {
    this.name = name;
    this.guestHost = `${name}-source`;
    this.#links = rates.map((rateBitsPerSecond, index) => ({
      index: index + 1,
      rateBitsPerSecond,
      state: 'up',
      source: { interface: `sy${index + 1}`, address: `10.99.${index + 1}.1` },
      destination: { interface: `sy${index + 1}`, address: `10.99.${index + 1}.2` },
    }));
  }

  get guestName(): string {
    return `${this.name}-guest`;
  }

  get guest(): Guest {
    return {
      name: this.guestName,
      hostId: this.guestHost,
      identity: { uuid: '8f6f1e52-0b7c-4c5e-9f3a-6a0c1a2b3c4d', pid: 5151, startTimeTicks: 77, bootId: 'b007' },
      monitorPath: `/run/switchyard/${this.name}/qmp.sock`,
      argv: ['qemu-system-x86_64', '-m', '512M'],
      memoryBytes: 512 * 2 ** 20,
      accelerator: 'tcg',
      machine: 'pc',
      waiting: false,
    };
  }

  get hosts(): HostFacts[] {
    return (['source', 'destination'] as const).map((side) => ({
      id: `${this.name}-${side}`,
      kind: 'namespace',
      hostname: 'workstation',
      kernel: '6.18.0',
      bootId: 'b007',
      memoryAvailableBytes: 6 * 2 ** 30,
      interfaces: this.#links.map((link) => ({
        name: link[side].interface,
        index: link.index + 1,
        up: true,
        carrier: link.state !== 'down',
        mtu: 1500,
        speedBitsPerSecond: link.rateBitsPerSecond,
        addresses: [{ address: link[side].address, prefixLength: 24 }],
      })),
      mptcp: { usable: true, sysctls: {}, endpoints: [], limits: { subflows: 1, addAddrAccepted: 1 }, counters: {} },
      qemu: { binary: '/usr/bin/qemu-system-x86_64', version: '7.2.22', mptcp: true },
    }));
  }

  setLink(index: number, state: Link['state']): Link | undefined {
    this.#links = this.#links.map((link) => (link.index === index ? { ...link, state } : link));
    return this.#links.find((link) => link.index === index);
  }

  view(): LabView {
    return {
      name: this.name,
      hosts: this.hosts.map(({ id, interfaces }) => ({
        id,
        namespace: id,
        addresses: interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
      })),
      links: [...this.#links],
      guest: { name: this.guestName, host: this.guestHost, state: 'running', pid: 5151 },
    };
  }
}
