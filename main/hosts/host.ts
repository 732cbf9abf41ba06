import type { QemuIdentity } from '#contract/host.ts';
import type { HostMptcpChange } from '#contract/requests.ts';
import type { BitsPerSecond, Bytes } from '#contract/units.ts';
import type { MigrationHost } from '#main/engine/ports.ts';
import type { ProbeHost } from '#main/probe/ports.ts';
import type { Rehearsal } from './rehearsal.ts';

/** What Switchyard asks of a host: all that a migration needs, and what an operator wants to know and to change beside it. */
export interface Host extends MigrationHost, ProbeHost {
  /** For good, as the operator wishes; what a migration needs for its time goes through `changePathManager`. */
  changeMptcp(change: HostMptcpChange): Promise<void>;
  /** How fast this guest writes to its memory; takes a second, and holds the monitor for as long. */
  dirtyRate(identity: QemuIdentity, monitorPath: string, memoryBytes: Bytes): Promise<BitsPerSecond | undefined>;
  /** A stand-in for this guest's QEMU, or for the one that this host would start, which only keeps what it is sent. */
  rehearse(guest?: { readonly identity: QemuIdentity; readonly monitorPath: string }): Promise<Rehearsal | undefined>;
}

/** The hosts that can be named. */
export interface Hosts {
  ids(): readonly string[];
  /** The host of that name. Throws `invalid-request`, which names those that exist. */
  find(id: string): Host;
}
