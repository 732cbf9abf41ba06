import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { SwitchyardError } from '#contract/errors.ts';
import { controlMessageSchema, type ControlMessage, type ControlRequest } from '#contract/requests.ts';

/** Asks the manager of a migration, and yields what it says until it hangs up. */
export async function* askManager(path: string, request: ControlRequest): AsyncGenerator<ControlMessage> {
  const socket = await open(path);
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of createInterface({ input: socket })) {
      yield controlMessageSchema.parse(JSON.parse(line));
    }
  } finally {
    socket.destroy();
  }
}

/** One request, one answer; a refusal is thrown as the failure it is. */
export async function tellManager(path: string, request: ControlRequest): Promise<void> {
  for await (const message of askManager(path, request)) {
    if (message.kind === 'refused') throw new SwitchyardError(message.failure);
    if (message.kind === 'done') return;
  }
  throw managerGone(path);
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) => reject(managerGone(path, cause)));
  });
}

function managerGone(path: string, cause?: unknown): SwitchyardError {
  return new SwitchyardError(
    {
      kind: 'unreachable',
      host: path,
      text: 'The process that manages this migration does not answer.',
      remedy:
        'If it has ended, `switchyard watch` takes the migration up; if it hangs, end it first: the migration goes on without it.',
    },
    { cause },
  );
}
