import { z } from 'zod';

/**
 * How the table of channels goes over the web host's WebSocket, each message one text of JSON: a request in, its answer or
 * an event out. The answer carries its request's id; one to something that was no request carries none.
 */
export const socketPath = '/socket';

/** What makes a message a request; its command and its content are judged by the code that carries it out. */
export const socketRequestSchema = z.object({
  id: z.union([z.number(), z.string().max(64)]),
  command: z.unknown(),
  request: z.unknown(),
});
export type SocketRequest = z.infer<typeof socketRequestSchema>;
