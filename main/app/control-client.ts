import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { SwitchyardError } from '#contract/errors.ts';
import {
  controlMessageSchema,
  type ControlMessage,
  type ControlRequest,
  type ManagerRequest,
} from '#contract/requests.ts';
import type { Milliseconds } from '#contract/units.ts';

/** What is asked of a manager goes on to a monitor, which answers within ten seconds or never. */
const patienceMs: Milliseconds = 15_000;

/** Asks the manager of a migration, and yields what it says until it hangs up, or the signal says that it is enough. */
export async function* askManager(
  path: string,
  request: ControlRequest,
  signal?: AbortSignal,
): AsyncGenerator<ControlMessage> {
  const socket = await open(path);
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of createInterface({ input: socket, ...(signal ? { signal } : {}) })) {
      yield controlMessageSchema.parse(JSON.parse(line));
    }
  } finally {
    socket.destroy();
  }
}

/** One request, one answer; a refusal is thrown as the failure it is. */
export async function tellManager(path: string, request: ManagerRequest): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  for await (const message of askManager(path, request, signal)) {
    if (message.kind === 'refused') throw new SwitchyardError(message.failure);
    if (message.kind === 'done') return;
  }
  throw signal.aborted ? managerSilent(request.command) : managerGone(path);
}

/** The first thing that a manager says. A process that hangs still lets others connect, and says nothing. */
export async function greetingOf(messages: AsyncGenerator<ControlMessage>, line: AbortController): Promise<void> {
  const late = setTimeout(() => line.abort(), patienceMs);
  try {
    const greeting = await messages.next();
    if (line.signal.aborted) throw managerSilent('follow');
    if (!greeting.done && greeting.value.kind === 'refused') throw new SwitchyardError(greeting.value.failure);
  } finally {
    clearTimeout(late);
  }
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) => reject(managerGone(path, cause)));
  });
}

function managerSilent(command: ControlRequest['command']): SwitchyardError {
  return new SwitchyardError({
    kind: 'timeout',
    afterMs: patienceMs,
    waitingFor: `the manager's answer to ${command}`,
    text: 'The process that manages this migration does not answer.',
    remedy: 'If it hangs, end it: the migration goes on without it, and can be taken up again.',
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
