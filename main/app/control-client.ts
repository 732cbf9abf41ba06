import { connect, type Socket } from 'node:net';
import { SwitchyardError } from '#contract/errors.ts';
import {
  controlMessageSchema,
  type ControlMessage,
  type ControlRequest,
  type ManagerRequest,
} from '#contract/requests.ts';
import { trace } from '#contract/trace.ts';
import type { Milliseconds } from '#contract/units.ts';
import { isOurs, peerOf } from '#main/hosts/socket-peer.ts';
import { FrameReader } from '#main/qmp/frames.ts';

/** What is asked of a manager is passed on to a monitor, which answers within ten seconds or never. */
const patienceMs: Milliseconds = 15_000;

/** Asks the manager of a migration, and yields what it says until it hangs up, or the signal says that it is enough. */
export async function* askManager(
  path: string,
  request: ControlRequest,
  signal?: AbortSignal,
): AsyncGenerator<ControlMessage> {
  const socket = await open(path);
  const enough = (): void => void socket.destroy();
  signal?.addEventListener('abort', enough);
  try {
    if (signal?.aborted) return;
    trace.control?.(`to ${path}`, request);
    socket.write(`${JSON.stringify(request)}\n`);
    const reader = new FrameReader();
    for await (const chunk of chunksOf(socket)) {
      const { frames, violation } = reader.push(chunk);
      for (const frame of frames) {
        const message = readMessage(frame);
        if (message) yield message;
      }
      if (violation) return;
    }
  } finally {
    signal?.removeEventListener('abort', enough);
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

/** A connection that breaks has ended: what it did not carry stands in the journal. */
async function* chunksOf(socket: Socket): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch(() => undefined);
    if (!next || next.done === true) return;
    yield next.value;
  }
}

/** What another version says and this one does not know is passed over. */
function readMessage(frame: string): ControlMessage | undefined {
  try {
    return controlMessageSchema.safeParse(JSON.parse(frame)).data;
  } catch {
    return undefined;
  }
}

/** Connected to a process of root or of our own user; another user's could report anything of a guest. */
function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    // It stays: a manager that is killed later must not end this process too.
    socket.on('error', (cause) => reject(managerGone(path, cause)));
    socket.once('connect', () => {
      const uid = peerOf(socket)?.uid;
      if (uid !== undefined && isOurs(uid)) return resolve(socket);
      socket.destroy();
      reject(strangersSocket(path, uid));
    });
  });
}

function strangersSocket(path: string, uid: number | undefined): SwitchyardError {
  return new SwitchyardError({
    kind: 'unreachable',
    host: path,
    text: `A process of ${uid === undefined ? 'an unknown user' : `user ${uid}`} listens on the control socket ${path}.`,
    remedy: 'Find out who made it (`ss -xlp`), and remove it; nothing was sent to it.',
  });
}

function managerSilent(command: ControlRequest['command']): SwitchyardError {
  return new SwitchyardError({
    kind: 'timeout',
    afterMs: patienceMs,
    waitingFor: `the manager's answer to ${command}`,
    text: 'The process that manages this migration does not answer.',
    remedy: 'If it hangs, end it: the migration continues without it, and can be taken up again.',
  });
}

function managerGone(path: string, cause?: unknown): SwitchyardError {
  return new SwitchyardError(
    {
      kind: 'unreachable',
      host: path,
      text: 'The process that manages this migration does not answer.',
      remedy:
        'If it has ended, `switchyard watch` takes the migration up; if it hangs, end it first: the migration continues without it.',
    },
    { cause },
  );
}
