import { createServer, type Server } from 'node:http';
import { SwitchyardError } from '#contract/errors.ts';

/** Both loopback addresses; names and browsers prefer one or the other. */
const [firstAddress, secondAddress] = ['127.0.0.1', '::1'] as const;
/** A port that is free on one address may be taken on the other; the kernel is asked for another then. */
const mostTries = 5;

/** Two servers on one port, or one where this machine has no IPv6. Port 0 lets the kernel choose. */
export async function listenOnLoopback(wanted: number): Promise<{ readonly port: number; readonly servers: Server[] }> {
  for (let tries = 1; ; tries += 1) {
    const first = await listen(firstAddress, wanted);
    const port = portOf(first);
    try {
      return { port, servers: [first, await listen(secondAddress, port)] };
    } catch (thrown) {
      if (hasCode(thrown, 'EADDRNOTAVAIL') || hasCode(thrown, 'EAFNOSUPPORT')) return { port, servers: [first] };
      first.close();
      if (wanted !== 0 || tries === mostTries) throw thrown;
    }
  }
}

function listen(host: string, port: number): Promise<Server> {
  const server = createServer({ maxHeaderSize: 16 * 1024 });
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(hasCode(cause, 'EADDRINUSE') ? portTaken(port, cause) : cause));
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

function portTaken(port: number, cause: unknown): SwitchyardError {
  return new SwitchyardError(
    {
      kind: 'rejected',
      phase: 'starting',
      event: 'listen',
      text: `Port ${port} is taken by another program.`,
      remedy: 'Leave --port out, and a free one is found.',
    },
    { cause },
  );
}
