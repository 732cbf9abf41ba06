import { z } from 'zod';

/**
 * How an operator names paths: by an interface of the source (`eth1`) or of one side (`destination:eth4`), by an address of
 * either host (`10.0.1.2`), or by both ends (`eth1/eth4`). A name that the source does not have is one of the destination.
 */
export const pathNameSchema = z
  .string()
  .min(1, 'must not be empty')
  .max(140, 'must be 140 characters at most')
  .regex(/^[^\p{Cc}\s]+$/u, 'must be the name of an interface, an address, or two of them with a slash between');

/** Which of the paths between two hosts a migration may use. */
export const pathChoiceSchema = z.object({
  /** No others; absent for all that are left. */
  only: z.array(pathNameSchema).min(1).max(64).exactOptional(),
  without: z.array(pathNameSchema).min(1).max(64).exactOptional(),
  /** The one that the connection begins with; absent for the fastest on which it can. */
  first: pathNameSchema.exactOptional(),
});
export type PathChoice = z.infer<typeof pathChoiceSchema>;
