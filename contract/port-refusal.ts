import { SwitchyardError } from './errors.ts';

/** Why nothing can listen on a port that an operator named; `undefined` for what they cannot do anything about. */
export function portRefusal(port: number, code: string, cause: unknown): SwitchyardError | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return refusal(`Port ${port} is taken by another program.`, 'Leave --port out, and a free one is found.', cause);
    // Below net.ipv4.ip_unprivileged_port_start (ip(7)).
    case 'EACCES':
      return refusal(
        `Port ${port} is reserved for root.`,
        'Give one from 1024 on, or leave --port out, and a free one is found.',
        cause,
      );
    default:
      return undefined;
  }
}

function refusal(text: string, remedy: string, cause: unknown): SwitchyardError {
  return new SwitchyardError({ kind: 'rejected', phase: 'starting', event: 'listen', text, remedy }, { cause });
}
