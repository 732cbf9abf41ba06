import { z } from 'zod';
import { boundedName } from './plain-text.ts';

/** A name that a user chose: what is longer than a file's name can be (NAME_MAX) is cut, wherever it is read. */
export const nameSchema = z.string().overwrite(boundedName);

/** A user of a host, by number and, where the host has one for it, by name. */
export const userSchema = z.object({ uid: z.number().int().nonnegative(), name: z.string().exactOptional() });
export type User = z.infer<typeof userSchema>;

/** What a QEMU process is, so that it is never mistaken for another: a pid alone is reused, a uuid alone lives twice. */
export const qemuIdentitySchema = z.object({
  uuid: z.string(),
  pid: z.number().int().positive(),
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  startTimeTicks: z.number().int().nonnegative(),
  /** /proc/sys/kernel/random/boot_id of the host it runs on. */
  bootId: z.string(),
  /** The user it runs as. It must still be the same when it is used; absent in records of earlier versions. */
  uid: z.number().int().nonnegative().exactOptional(),
});
export type QemuIdentity = z.infer<typeof qemuIdentitySchema>;

/**
 * What the kernel says of an address beyond itself (IFA_F_*, include/uapi/linux/if_addr.h): not usable yet, refused because
 * another host has it, to be given up, made up for privacy and changed every day, further to another one of its subnet.
 */
export const addressFlagSchema = z.enum(['tentative', 'duplicate', 'deprecated', 'temporary', 'secondary']);
export type AddressFlag = z.infer<typeof addressFlagSchema>;

export const interfaceAddressSchema = z.object({
  address: z.string(),
  prefixLength: z.number().int(),
  /** Absent where there is none of them, and in records of earlier versions. */
  flags: z.array(addressFlagSchema).exactOptional(),
  /** Absent for `global`: valid on this link or this host alone. */
  scope: z.enum(['link', 'host', 'other']).exactOptional(),
});
export type HostAddress = z.infer<typeof interfaceAddressSchema>;

export const networkInterfaceSchema = z.object({
  name: nameSchema,
  index: z.number().int(),
  up: z.boolean(),
  carrier: z.boolean(),
  mtu: z.number().int(),
  /** What may leave here: the shaped rate where a tbf is installed on it or below it, else the speed of the link. */
  speedBitsPerSecond: z.number().optional(),
  /** What the link carries in each direction, shaped or not; absent when unknown, and in records of earlier versions. */
  linkBitsPerSecond: z.number().exactOptional(),
  addresses: z.array(interfaceAddressSchema),
  /** The bridge, bond or other interface that it belongs to. */
  master: z.string().exactOptional(),
  /** What made it: `veth`, `bridge`, `vlan`; absent for hardware, and in records of earlier versions. */
  kind: z.string().exactOptional(),
  /** The interface that carries its packets, as a VLAN's port does; `if5@ns0` where that is in another namespace. */
  parent: z.string().exactOptional(),
  /** Of a veth: the index of its other end, in whichever namespace that is. */
  peerIndex: z.number().int().exactOptional(),
  /** How a bond shares its ports (Documentation/networking/bonding.rst), and the one that it uses while it uses one alone. */
  bondMode: z.string().exactOptional(),
  activePort: z.string().exactOptional(),
  /** Alike for functions of one physical port (IFLA_PHYS_PORT_ID). */
  physicalPort: z.string().exactOptional(),
});
export type NetworkInterface = z.infer<typeof networkInterfaceSchema>;

export const mptcpEndpointFlagSchema = z.enum(['signal', 'subflow', 'backup', 'fullmesh', 'implicit', 'laminar']);
export type MptcpEndpointFlag = z.infer<typeof mptcpEndpointFlagSchema>;

/** One row of `ip mptcp endpoint` (include/uapi/linux/mptcp_pm.h, MPTCP_PM_ADDR_ATTR_*). */
export const mptcpEndpointSchema = z.object({
  id: z.number().int(),
  address: z.string(),
  port: z.number().int().optional(),
  interface: z.string().optional(),
  flags: z.array(mptcpEndpointFlagSchema),
});
export type MptcpEndpoint = z.infer<typeof mptcpEndpointSchema>;

export const mptcpLimitsSchema = z.object({
  subflows: z.number().int(),
  addAddrAccepted: z.number().int(),
});
export type MptcpLimits = z.infer<typeof mptcpLimitsSchema>;

/** What a host's routing would do with a packet. */
export interface RouteAnswer {
  /** `undefined`: routing may choose the source address, as it does for a subflow that no endpoint asked for. */
  readonly from: string | undefined;
  readonly to: string;
  /** `undefined` when no route leads there, or when `to` is an address of this very host. */
  readonly interface: string | undefined;
  readonly gateway: string | undefined;
  /** `to` is an address of this very host: a packet would never leave it. */
  readonly local?: boolean;
  /** The source address that the kernel chooses. */
  readonly chosenSource?: string | undefined;
  /** The routing table that answered (RT_TABLE_MAIN is 254). */
  readonly table?: number | undefined;
}

/** A packet that a host's routing is asked about. */
export type RouteQuestion = Pick<RouteAnswer, 'from' | 'to'>;

/** What the kernel of a host says about MPTCP; `reason` is a sentence when it cannot be used. */
export const mptcpFactsSchema = z.object({
  usable: z.boolean(),
  reason: z.string().optional(),
  /** The command that fixes it. */
  remedy: z.string().optional(),
  /** Relative to /proc/sys/net, for instance `mptcp/stale_loss_cnt`; absent ones do not exist on that kernel. */
  sysctls: z.record(z.string(), z.string()),
  endpoints: z.array(mptcpEndpointSchema),
  limits: mptcpLimitsSchema.optional(),
  /** The same as they will be when every migration that holds a lease of them has ended; absent where none does. */
  lasting: z.object({ endpoints: z.array(mptcpEndpointSchema), limits: mptcpLimitsSchema }).exactOptional(),
  /** The MPTcpExt counters of /proc/net/netstat, by name. */
  counters: z.record(z.string(), z.number()),
});
export type MptcpFacts = z.infer<typeof mptcpFactsSchema>;

/** What a QEMU can do that others cannot, found in its own schema (`query-qmp-schema`), never by its version number. */
export const qemuFactsSchema = z.object({
  /** Full path of the program. */
  binary: z.string(),
  /** `7.2.22`, from `query-version`. */
  version: z.string(),
  /** Has the member `mptcp` in InetSocketAddress (QEMU 6.1 and later, where the C library knew it). */
  mptcp: z.boolean(),
});
export type QemuFacts = z.infer<typeof qemuFactsSchema>;

export const hostFactsSchema = z.object({
  id: nameSchema,
  kind: z.enum(['local', 'namespace']),
  hostname: nameSchema,
  kernel: z.string(),
  bootId: z.string(),
  memoryAvailableBytes: z.number(),
  interfaces: z.array(networkInterfaceSchema),
  mptcp: mptcpFactsSchema,
  qemu: qemuFactsSchema.optional(),
});
export type HostFacts = z.infer<typeof hostFactsSchema>;

/** `running` and the others are QEMU's RunState (qapi/run-state.json); unknown ones are kept as they come. */
export const guestSchema = z.object({
  name: nameSchema,
  hostId: nameSchema,
  identity: qemuIdentitySchema,
  /** Path of the QMP socket; absent when this QEMU has none that could be found. */
  monitorPath: z.string().optional(),
  /** Of its further QMP sockets: another program may hold the first. */
  otherMonitorPaths: z.array(z.string()).exactOptional(),
  argv: z.array(z.string()),
  memoryBytes: z.number().optional(),
  accelerator: z.string().optional(),
  machine: z.string().optional(),
  /** Listens for a migration instead of running (`-incoming`), as an operator may have started it by hand. */
  waiting: z.boolean(),
  /** While it waits: the value of its `-incoming`, `defer` or an address. */
  incoming: z.string().exactOptional(),
  /** Who runs its QEMU; absent in records of earlier versions. */
  user: userSchema.exactOptional(),
  /** Why this process is listed and not handled: what it says of itself proves nothing, or we have no right to it. */
  obstacle: z.object({ text: z.string(), remedy: z.string() }).exactOptional(),
});
export type Guest = z.infer<typeof guestSchema>;
