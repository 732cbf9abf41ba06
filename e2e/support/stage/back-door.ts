import { describeGuest } from '#main/hosts/command-line/description.ts';
import { readProgram } from '#main/hosts/process/process-table.ts';
import { blockUntilReady } from '#native/readiness.ts';
import { connectBlocking, openSocket, receive, send } from '#native/socket.ts';
import type { Fd } from '#native/fd.ts';

/**
 * A second monitor, by which a test does to a QEMU what an outsider could do: the first one is held by the manager of the
 * migration. It blocks this thread until QEMU has answered, so that what it did stands before the engine continues. That
 * is also why it is a client of its own, of forty lines, and not the product's.
 */
export const backDoorName = 'back-door.sock';

/** Arguments that give a guest a back door. */
export function backDoorArguments(folder: string): readonly string[] {
  return ['-qmp', `unix:${folder}/${backDoorName},server=on,wait=off`];
}

const answerTimeoutMs = 3000;

/** One command through the back door of a QEMU; throws what QEMU refuses. */
export function tell(pid: number, command: string, args: object = {}): unknown {
  using socket = openSocket('unix');
  connectBlocking(socket, { family: 'unix', path: backDoorPath(pid) }, answerTimeoutMs);
  const lines = linesOf(socket);
  lines.next();
  say(socket, { execute: 'qmp_capabilities' });
  answerFrom(lines);
  say(socket, { execute: command, arguments: args });
  return answerFrom(lines);
}

/** What a guest would write to one of its machine's ports (16 bits). HMP has a word for it, QMP has none. */
export function writePort(pid: number, port: number, value: number): void {
  tell(pid, 'human-monitor-command', { 'command-line': `o/w 0x${port.toString(16)} 0x${value.toString(16)}` });
}

export function backDoorPath(pid: number): string {
  const paths = describeGuest(readProgram(pid).argv).monitors.flatMap((each) =>
    each.kind === 'unix-server' ? each.path : [],
  );
  const path = paths.find((each) => each.endsWith(`/${backDoorName}`));
  if (path === undefined) throw new Error(`process ${pid} is no QEMU with a back door`);
  return path;
}

function say(socket: Fd, message: object): void {
  send(socket, Buffer.from(`${JSON.stringify(message)}\n`));
}

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

/** Events come between: they are no answers. */
function answerFrom(lines: Generator<string>): unknown {
  // Not `for of`: leaving that would end the conversation.
  for (let line = lines.next(); !line.done; line = lines.next()) {
    const reply: Reply = JSON.parse(line.value);
    if (reply.error) throw new Error(`QEMU refused: ${reply.error.desc}`);
    if ('return' in reply) return reply.return;
  }
  throw new Error('QEMU hung up');
}

function* linesOf(socket: Fd): Generator<string> {
  for (let text = ''; ;) {
    if (!blockUntilReady(socket.number, 'readable', answerTimeoutMs)) throw new Error('QEMU does not answer');
    const bytes = receive(socket, 65_536);
    if (bytes?.length === 0) return;
    text += bytes?.toString('utf8') ?? '';
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}
