import { z } from 'zod';
import { failureSchema } from './errors.ts';
import { mptcpEndpointFlagSchema, mptcpEndpointSchema, mptcpLimitsSchema } from './host.ts';
import { longestDataName } from './plain-text.ts';
import { journalEntrySchema, migrationSettingsSchema, pathActionSchema } from './migration.ts';
import { probeWishSchema } from './probe.ts';
import { sampleSchema } from './telemetry.ts';

/** What an operator asks for, before anything has been looked up: names and wishes, never paths or command lines. */
const hostNameSchema = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[^\p{Cc}/]+$/u, 'must not hold control characters or slashes');

/** As QEMU was given it, which takes any text; cut as the list of guests cuts it. A uuid or the number of the process too. */
const guestNameSchema = z.string().min(1).max(longestDataName);

export const migrationRequestSchema = z.object({
  guest: guestNameSchema,
  from: hostNameSchema,
  to: hostNameSchema,
  /** A QEMU on the destination that waits for this guest, by its name, uuid or process; absent to have one started. */
  toWaiting: guestNameSchema.exactOptional(),
  /** Where the destination is to listen, as QEMU writes it: `tcp:0:4444`. Absent for the wildcard and any port. */
  incoming: z.string().min(1).max(300).exactOptional(),
  settings: migrationSettingsSchema,
  /** Whether the paths are measured beforehand; absent for `auto`, which does so where nothing recent is known of them. */
  probe: probeWishSchema.exactOptional(),
});
export type MigrationRequest = z.infer<typeof migrationRequestSchema>;

/** What takes effect at once in a migration that runs. */
export const liveChangeSchema = z.object({
  downtimeLimitMs: migrationSettingsSchema.shape.downtimeLimitMs.exactOptional(),
  bandwidthBitsPerSecond: migrationSettingsSchema.shape.bandwidthBitsPerSecond.exactOptional(),
});
export type LiveChange = z.infer<typeof liveChangeSchema>;

export const operatorPathActionSchema = pathActionSchema.exclude(['withdraw', 'rejoin']);
export type OperatorPathAction = z.infer<typeof operatorPathActionSchema>;

/** The flags that an operator chooses from: `implicit` is the kernel's own mark, `laminar` is for planned paths. */
export const operatorEndpointFlagSchema = mptcpEndpointFlagSchema.exclude(['implicit', 'laminar']);
export type OperatorEndpointFlag = z.infer<typeof operatorEndpointFlagSchema>;

/** The kernel's own bound (net/mptcp/pm_netlink.c). */
const limitSchema = z.number().int().min(0).max(8);

/**
 * One change to the MPTCP settings of a host, made for good. What there is already is named as the operator has seen it:
 * when the kernel has given its id to another one meanwhile, nothing is done.
 */
export const hostMptcpChangeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('add-endpoint'),
    /** At an address of one of the host's own interfaces. */
    endpoint: mptcpEndpointSchema.omit({ id: true }).extend({
      port: z.number().int().min(1).max(65_535).exactOptional(),
      flags: z.array(operatorEndpointFlagSchema).max(4),
    }),
  }),
  z.object({ kind: z.literal('remove-endpoint'), endpoint: mptcpEndpointSchema }),
  /** Both flags are set, whichever is named; the others of an endpoint stay as it was made. */
  z.object({
    kind: z.literal('set-endpoint-flags'),
    endpoint: mptcpEndpointSchema,
    flags: z.array(operatorEndpointFlagSchema.extract(['backup', 'fullmesh'])).max(2),
  }),
  z.object({
    kind: z.literal('set-limits'),
    limits: mptcpLimitsSchema.extend({ subflows: limitSchema, addAddrAccepted: limitSchema }),
  }),
]);
export type HostMptcpChange = z.infer<typeof hostMptcpChangeSchema>;

/** Who asks, for the journal. */
const bySchema = z.string().max(253);

/**
 * What an operator can ask of the manager of a migration that runs: `MigrationRun.ask` in its process, the same over its
 * control socket from another one.
 */
export const managerRequestSchema = z.discriminatedUnion('command', [
  /** Asking again changes nothing. Refused once the guest has been handed over: cancelling then would lose it. */
  z.object({ command: z.literal('cancel'), by: bySchema }),
  /** Bandwidth and downtime limit take effect at once. */
  z.object({ command: z.literal('change'), by: bySchema, change: liveChangeSchema }),
  /** `interface` is the source's: it names the path. */
  z.object({
    command: z.literal('path'),
    by: bySchema,
    action: operatorPathActionSchema,
    interface: z.string().max(64),
  }),
  /** The guest moves at once, its memory follows. From then on nothing can be cancelled. */
  z.object({ command: z.literal('post-copy'), by: bySchema }),
  /** A post-copy whose connection broke continues over a new one. */
  z.object({ command: z.literal('recover'), by: bySchema }),
  /** A destination that holds the guest and has never run it is ended, and its source resumes the guest. */
  z.object({ command: z.literal('go-back'), by: bySchema }),
]);
export type ManagerRequest = z.infer<typeof managerRequestSchema>;

/** What a process of the same user sends over the control socket of a manager, as one line of JSON. */
export const controlRequestSchema = z.discriminatedUnion('command', [
  ...managerRequestSchema.options,
  /** Entries and samples as they come, until the migration ends. */
  z.object({ command: z.literal('follow') }),
]);
export type ControlRequest = z.infer<typeof controlRequestSchema>;

/** What the manager of a migration answers over its control socket, a line each. */
export const controlMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('refused'), failure: failureSchema }),
  z.object({ kind: z.literal('entry'), entry: journalEntrySchema }),
  z.object({ kind: z.literal('sample'), sample: sampleSchema }),
]);
export type ControlMessage = z.infer<typeof controlMessageSchema>;
