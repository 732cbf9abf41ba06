import { recording, type RecordingName } from './fixtures/recorded.ts';
import { decodeMessages, encodeMessage, type NetlinkMessage } from './message.ts';
import type { NetlinkTransport } from './session.ts';

/** A message without a sequence number gets that of the request it answers. */
export type ScriptedMessage = Omit<NetlinkMessage, 'sequence'> & Partial<NetlinkMessage>;

/** What a scripted kernel sends for one request: datagrams, each of some messages or of raw bytes. */
export type ScriptedAnswer = readonly (readonly ScriptedMessage[] | Buffer)[];

/** A kernel for tests: answers the first request with the first answer, and so on, and keeps what it was asked. */
export class ScriptedTransport implements NetlinkTransport {
  readonly requests: NetlinkMessage[] = [];
  readonly #answers: ScriptedAnswer[];
  readonly #queue: Buffer[] = [];
  disposed = false;

  constructor(answers: readonly ScriptedAnswer[]) {
    this.#answers = [...answers];
  }

  send(datagram: Buffer): void {
    const requests = decodeMessages(datagram);
    this.requests.push(...requests);
    for (const { sequence } of requests) {
      for (const part of this.#answers.shift() ?? [])
        this.#queue.push(Buffer.isBuffer(part) ? part : encode(part, sequence));
    }
  }

  receive(): Buffer | undefined {
    return this.#queue.shift();
  }

  [Symbol.dispose](): void {
    this.disposed = true;
  }
}

function encode(messages: readonly ScriptedMessage[], sequence: number): Buffer {
  return Buffer.concat(messages.map((message) => encodeMessage({ sequence, ...message })));
}

/** A recorded answer, given to any request. */
export function replay(name: RecordingName): ScriptedAnswer {
  return recording(name).map((datagram) =>
    decodeMessages(datagram).map(({ type, flags, payload }) => ({ type, flags, payload })),
  );
}

/** NLMSG_ERROR as the kernel sends it with NETLINK_CAP_ACK off: the request's header and body follow the code. */
export function acknowledgement(
  errno: number,
  options: { attributes?: Buffer; capped?: boolean } = {},
): ScriptedMessage {
  const body = options.capped === true ? Buffer.alloc(0) : Buffer.from('body');
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + 4, 0);
  const code = Buffer.alloc(4);
  code.writeInt32LE(-errno);
  const flags = (options.capped === true ? 0x100 : 0) | (options.attributes ? 0x200 : 0);
  const payload = Buffer.concat([code, header, body, options.attributes ?? Buffer.alloc(0)]);
  return { type: 2, flags, payload };
}

/** NLMSG_DONE, which ends a dump. */
export function done(errno = 0): ScriptedMessage {
  const payload = Buffer.alloc(4);
  payload.writeInt32LE(-errno);
  return { type: 3, flags: 2, payload };
}
