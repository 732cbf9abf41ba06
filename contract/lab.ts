import { z } from 'zod';

/** Two throw-away hosts on this machine, as a window sees them; lab/ makes them. */
export const labLinkSchema = z.object({
  index: z.number().int().positive(),
  rateBitsPerSecond: z.number(),
  /** `down`: an end has no carrier. `silent`: both have, and everything sent is lost. */
  state: z.enum(['up', 'down', 'silent']),
  source: z.object({ interface: z.string(), address: z.string() }),
  destination: z.object({ interface: z.string(), address: z.string() }),
});

export const labStatusSchema = z.object({
  name: z.string(),
  hosts: z.array(z.object({ id: z.string(), namespace: z.string(), addresses: z.array(z.string()) })),
  links: z.array(labLinkSchema),
  /** Absent when no QEMU carries it. */
  guest: z
    .object({ name: z.string(), host: z.string().optional(), state: z.string(), pid: z.number().int() })
    .optional(),
});
export type LabView = z.infer<typeof labStatusSchema>;

export const labOptionsSchema = z
  .object({
    name: z.string().min(1).max(32).optional(),
    linkRatesBitsPerSecond: z.array(z.number().int().positive()).min(1).max(8).optional(),
    guestMemoryBytes: z.number().int().positive().optional(),
  })
  .strict();

export const labProofSchema = z.object({
  proven: z.boolean(),
  text: z.string(),
});
