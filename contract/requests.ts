import { z } from 'zod';
import { failureSchema } from './errors.ts';
import { mptcpEndpointFlagSchema, mptcpEndpointSchema, mptcpLimitsSchema } from './host.ts';
import { journalEntrySchema, migrationSettingsSchema, pathActionSchema } from './migration.ts';
import { sampleSchema } from './telemetry.ts';

/** What an operator asks for, before anything has been looked up: names and wishes, never paths or command lines. */
const nameSchema = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[^\p{Cc}/]+$/u, 'must not hold control characters or slashes');

export const migrationRequestSchema = z.object({
  guest: nameSchema,
  from: nameSchema,
  to: nameSchema,
  /** A QEMU on the destination that waits for this guest, by its name or uuid; absent to have one started. */
  toWaiting: nameSchema.exactOptional(),
  /** Where the destination is to listen, as QEMU writes it: `tcp:0:4444`. Absent for the wildcard and any port. */
  incoming: z.string().min(1).max(300).exactOptional(),
  settings: migrationSettingsSchema,
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
  /** Both flags are set anew, whichever is named; the others of an endpoint stay as it was made. */
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

/** What can be asked of a migration that runs, by any process of the same user. */
export const controlRequestSchema = z.discriminatedUnion('command', [
  z.object({ command: z.literal('cancel'), by: z.string() }),
  z.object({ command: z.literal('change'), by: z.string(), change: liveChangeSchema }),
  /** `interface` is the source's: it names the path. */
  z.object({ command: z.literal('path'), by: z.string(), action: operatorPathActionSchema, interface: z.string() }),
  z.object({ command: z.literal('post-copy'), by: z.string() }),
  z.object({ command: z.literal('recover'), by: z.string() }),
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
