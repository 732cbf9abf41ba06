import { inspect } from 'node:util';
import { z } from 'zod';

/** One fault of ours, as a line of the incident file. Free of secrets; every text is bounded. */
export const incidentSchema = z.object({
  /** `i-` and eight hexadecimal digits: no migration's id begins so. */
  id: z.string().regex(/^i-[0-9a-f]{8}$/),
  /** ISO 8601, UTC. */
  at: z.string(),
  version: z.string(),
  /** The part of Switchyard that the operator was using. */
  face: z.string(),
  pid: z.number().int(),
  /** Of the migration in whose code it happened, where that is known. */
  migration: z.string().optional(),
  /** The stack, and those of the causes. */
  stack: z.string(),
});
export type Incident = z.infer<typeof incidentSchema>;

/** Far more than a stack with its causes needs, and little enough to be redacted and written at once. */
export const mostStackLength = 16_384;

/**
 * A thrown value, with its stack, its causes and its members, as text of a bounded length. It runs no code of the
 * value's own, and never throws.
 */
export function describeThrown(thrown: unknown): string {
  const text = inspect(thrown, {
    depth: 4,
    customInspect: false,
    getters: false,
    maxArrayLength: 50,
    maxStringLength: mostStackLength,
  });
  return text.slice(0, mostStackLength);
}
