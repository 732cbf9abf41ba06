import type { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';

// Newer kernels append fields; twice the largest struct of today (280 bytes) leaves room for them.
const STRUCT_BYTES = 560;

/** Reads an option whose value is a struct, and returns exactly the bytes that this kernel has of it. */
export function readStructOption(fd: Fd, level: number, option: number, action: string): Buffer {
  return readOptionInto(fd, level, option, Buffer.alloc(STRUCT_BYTES), action);
}

/** As {@link readStructOption}, for options that read a request out of the buffer first. */
export function readOptionInto(fd: Fd, level: number, option: number, buffer: Buffer, action: string): Buffer {
  const length = new Uint32Array([buffer.length]);
  const result = libc().getsockopt(fd.number, level, option, buffer, length);
  if (result < 0) throw new NativeError('getsockopt', -result, action);
  return buffer.subarray(0, length[0]);
}
