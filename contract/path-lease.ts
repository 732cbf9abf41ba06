import { z } from 'zod';
import { mptcpEndpointSchema, mptcpLimitsSchema } from './host.ts';
import { migrationIdSchema, pathManagerChangeSchema } from './migration.ts';

/** `kept`: another migration uses it. `gone`: it was withdrawn from every connection of the host. */
export const withdrawalSchema = z.enum(['kept', 'gone']);
export type Withdrawal = z.infer<typeof withdrawalSchema>;

/**
 * The MPTCP settings that one migration has leased on one host, as that host keeps it. Leases are in the order in which
 * they were taken.
 */
export const heldLeaseSchema = z.object({
  migrationId: migrationIdSchema,
  planned: z.array(pathManagerChangeSchema).readonly(),
  /** As the host was without the leases of other migrations at that time. */
  before: z.object({
    endpoints: z.array(mptcpEndpointSchema).readonly(),
    limits: mptcpLimitsSchema.optional(),
  }),
  /** Addresses of this host that carry the migration's subflows. */
  addresses: z.array(z.string()).readonly(),
  /** Those of them whose announcements it has changed while it ran. */
  touched: z.array(z.string()).readonly(),
  /** Addresses whose announcement it does not want now, and what has become of it. */
  withdrawn: z.record(z.string(), withdrawalSchema),
  /** The migration has ended. What it left to others is put back with the last of them. */
  released: z.boolean(),
  /** Where the migration's journal is: without it the migration cannot be ended any more. */
  journal: z.string().exactOptional(),
});
export type HeldLease = z.infer<typeof heldLeaseSchema>;
export const heldLeasesSchema = z.object({
  /** The mark of the namespace: the next one with the same inode number has borrowed nothing. */
  namespace: z.string(),
  leases: z.array(heldLeaseSchema),
});
export type HeldLeases = z.infer<typeof heldLeasesSchema>;
