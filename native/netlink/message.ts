import { align4 } from './attributes.ts';
import { malformed } from './netlink-error.ts';

const headerBytes = 16;

/** Message types with a meaning in every netlink family (include/uapi/linux/netlink.h). */
export const controlTypes = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

export const messageFlags = {
  request: 0x1,
  ack: 0x4,
  /** Set by the kernel on a dump during which the table changed. */
  dumpInterrupted: 0x10,
  /** NLM_F_ROOT | NLM_F_MATCH. */
  dump: 0x300,
  /** On an error: the request is not repeated in it. */
  capped: 0x100,
  /** On an error or a dump's end: attributes with an explanation follow. */
  ackAttributes: 0x200,
} as const;

/** One netlink message (struct nlmsghdr). `payload` is a view: it lives as long as the datagram it was read from. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Buffer;
}

export function encodeMessage(message: NetlinkMessage): Buffer {
  const encoded = Buffer.alloc(align4(headerBytes + message.payload.length));
  encoded.writeUInt32LE(headerBytes + message.payload.length, 0);
  encoded.writeUInt16LE(message.type, 4);
  encoded.writeUInt16LE(message.flags, 6);
  encoded.writeUInt32LE(message.sequence, 8);
  message.payload.copy(encoded, headerBytes);
  return encoded;
}

/** The messages of one datagram, in order. Throws `malformed` where a length does not fit what is left. */
export function decodeMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset < datagram.length) {
    const left = datagram.length - offset;
    const length = left < headerBytes ? 0 : datagram.readUInt32LE(offset);
    if (length < headerBytes || length > left) throw malformed(`message length ${length} with ${left} bytes left`);
    messages.push({
      type: datagram.readUInt16LE(offset + 4),
      flags: datagram.readUInt16LE(offset + 6),
      sequence: datagram.readUInt32LE(offset + 8),
      payload: datagram.subarray(offset + headerBytes, offset + length),
    });
    // Not align4(): its 32-bit arithmetic would turn a length above 2 GiB negative. Such a length never passes the check
    // above, but the loop's progress should not rest on that.
    offset += Math.ceil(length / 4) * 4;
  }
  return messages;
}
