import type { Socket } from 'node:net';
import { EAGAIN, ETIMEDOUT, MSG_DONTWAIT, MSG_NOSIGNAL, SCM_RIGHTS, SOL_SOCKET } from './constants.ts';
import { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';
import { PinnedBuffer } from './pinned-buffer.ts';
import { blockUntilReady } from './readiness.ts';

/** struct iovec, struct msghdr and struct cmsghdr of a 64-bit Linux: sendmsg(2), cmsg(3). */
export const ioVectorLayout = { bytes: 16, base: 0, length: 8 } as const;
export const messageHeaderLayout = { bytes: 56, vectors: 16, vectorCount: 24, control: 32, controlBytes: 40 } as const;
export const controlHeaderLayout = { bytes: 16, length: 0, level: 8, type: 12 } as const;

// include/net/scm.h: SCM_MAX_FD
const MAX_DESCRIPTORS = 253;
const DESCRIPTOR_BYTES = 4;
const CONTROL_ALIGNMENT_BYTES = 8;

/**
 * Sends `bytes` over a unix stream socket with open descriptors attached to the first of them; the receiver gets
 * duplicates, ours stay ours. `socket` may be the number of a Node socket: see {@link descriptorOf}.
 *
 * All of `bytes` is sent when this returns: in one piece, with nothing of the JS thread in between, because the
 * thread waits where the receiver is slow. ETIMEDOUT after `timeoutMs` of no progress; part of the message may then
 * have gone, and the connection is of no more use.
 */
export function sendFileDescriptors(
  socket: Fd | number,
  bytes: Uint8Array,
  descriptors: readonly (Fd | number)[],
  timeoutMs = 1000,
): void {
  if (bytes.length === 0) throw new RangeError('Descriptors travel with data: send at least one byte with them.');
  if (descriptors.length === 0 || descriptors.length > MAX_DESCRIPTORS) {
    throw new RangeError(
      `Between 1 and ${MAX_DESCRIPTORS} descriptors can be sent at once, not ${descriptors.length}.`,
    );
  }
  const number = numberOf(socket);
  using payload = new PinnedBuffer(bytes);
  using control = new PinnedBuffer(encodeRights(descriptors.map(numberOf)));
  using vector = new PinnedBuffer(encodeVector(payload));
  const header = encodeHeader(vector, control);

  const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  let sent = untilTaken(number, timeoutMs, () => libc().sendmsg(number, header, flags));
  // The descriptors went with the first byte; the rest goes without them, or the receiver would get them twice.
  while (sent < bytes.length) {
    const rest = bytes.subarray(sent);
    sent += untilTaken(number, timeoutMs, () => libc().send(number, rest, rest.length, flags));
  }
}

/**
 * The descriptor number of a connected Node socket. It stays Node's: use it at once, never close it, and only while
 * the socket has nothing queued (what is sent here would overtake it). Node has no public way to it; the handle it
 * keeps is read.
 */
export function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const number: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof number !== 'number' || number < 0) {
    throw new Error('This socket has no file descriptor: it is closed, not connected yet, or not a plain socket.');
  }
  if (socket.writableLength > 0) {
    throw new Error(`This socket still has ${socket.writableLength} bytes to send; wait for its "drain" first.`);
  }
  return number;
}

function encodeVector(payload: PinnedBuffer): Buffer {
  const vector = Buffer.alloc(ioVectorLayout.bytes);
  vector.writeBigUInt64LE(payload.address, ioVectorLayout.base);
  vector.writeBigUInt64LE(BigInt(payload.bytes.length), ioVectorLayout.length);
  return vector;
}

function encodeHeader(vector: PinnedBuffer, control: PinnedBuffer): Buffer {
  const header = Buffer.alloc(messageHeaderLayout.bytes);
  header.writeBigUInt64LE(vector.address, messageHeaderLayout.vectors);
  header.writeBigUInt64LE(1n, messageHeaderLayout.vectorCount);
  header.writeBigUInt64LE(control.address, messageHeaderLayout.control);
  header.writeBigUInt64LE(BigInt(control.bytes.length), messageHeaderLayout.controlBytes);
  return header;
}

/** One SCM_RIGHTS control message: CMSG_LEN in its header, CMSG_SPACE in all. */
export function encodeRights(numbers: readonly number[]): Buffer {
  const length = controlHeaderLayout.bytes + numbers.length * DESCRIPTOR_BYTES;
  const control = Buffer.alloc(Math.ceil(length / CONTROL_ALIGNMENT_BYTES) * CONTROL_ALIGNMENT_BYTES);
  control.writeBigUInt64LE(BigInt(length), controlHeaderLayout.length);
  control.writeInt32LE(SOL_SOCKET, controlHeaderLayout.level);
  control.writeInt32LE(SCM_RIGHTS, controlHeaderLayout.type);
  numbers.forEach((number, index) => {
    control.writeInt32LE(number, controlHeaderLayout.bytes + index * DESCRIPTOR_BYTES);
  });
  return control;
}

function untilTaken(number: number, timeoutMs: number, attempt: () => number): number {
  const action = 'send file descriptors';
  for (;;) {
    const result = attempt();
    if (result >= 0) return result;
    if (result !== -EAGAIN) throw new NativeError('sendmsg', -result, action);
    if (!blockUntilReady(number, 'writable', timeoutMs)) {
      throw new NativeError('sendmsg', ETIMEDOUT, action, 'The receiver does not read.');
    }
  }
}

function numberOf(descriptor: Fd | number): number {
  return descriptor instanceof Fd ? descriptor.number : descriptor;
}
