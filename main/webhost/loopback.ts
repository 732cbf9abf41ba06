import { createServer, type ListenOptions, type Server } from 'node:net';
import { portRefusal } from '#contract/port-refusal.ts';

/** Both loopback addresses; names and browsers prefer one or the other. */
const [firstAddress, secondAddress] = ['127.0.0.1', '::1'] as const;
/** A port that is free on one address may be taken on the other; the kernel is asked for another then. */
const mostTries = 5;

/** What listens. Nothing of a connection is read until it is resumed. */
export interface Loopback {
  readonly port: number;
  readonly servers: readonly Server[];
}

/** Servers on sockets that listen already, opened by the process that started this one. */
export async function listenOnDescriptors(descriptors: readonly number[]): Promise<Loopback> {
  const servers = await Promise.all(descriptors.map((fd) => listen({ fd })));
  return { port: servers[0] ? portOf(servers[0]) : 0, servers };
}

/** Two servers on one port, or one where this machine has no IPv6. Port 0 lets the kernel choose. */
export async function listenOnLoopback(wanted: number): Promise<Loopback> {
  for (let tries = 1; ; tries += 1) {
    const first = await listen({ host: firstAddress, port: wanted, exclusive: true });
    const port = portOf(first);
    try {
      return { port, servers: [first, await listen({ host: secondAddress, port, exclusive: true })] };
    } catch (thrown) {
      if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(thrown))) return { port, servers: [first] };
      first.close();
      if (wanted !== 0 || tries === mostTries) throw thrown;
    }
  }
}

function listen(where: ListenOptions & { readonly fd?: number }): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
  return new Promise((resolve, reject) => {
    // It stays: what `accept` reports later (no descriptors left) passes.
    server.on('error', (cause) => reject(portRefusal(where.port ?? 0, codeOf(cause), cause) ?? cause));
    server.listen(where, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
