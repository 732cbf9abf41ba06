import { createRequire } from 'node:module';
import { arch, endianness } from 'node:os';
import type Koffi from 'koffi';
import { EINTR, SYS_FACCESSAT2 } from './constants.ts';
import { NativeUnavailableError } from './native-error.ts';

/**
 * The C library as this project uses it, in the kernel's own manner: a result below zero is a negated errno.
 *
 * Calls that a signal may interrupt without effect are repeated here, so EINTR reaches only the callers of `connect`
 * and `poll`, which have a deadline of their own to look at. A buffer must be at least as long as the length beside it.
 */
export interface Libc {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, addressBytes: number) => number;
  readonly listen: (fd: number, backlog: number) => number;
  readonly accept4: (fd: number, address: Uint8Array, addressBytes: Uint32Array, flags: number) => number;
  readonly connect: (fd: number, address: Uint8Array, addressBytes: number) => number;
  readonly getsockname: (fd: number, address: Uint8Array, addressBytes: Uint32Array) => number;
  readonly getpeername: (fd: number, address: Uint8Array, addressBytes: Uint32Array) => number;
  readonly getsockopt: (fd: number, level: number, option: number, value: Uint8Array, bytes: Uint32Array) => number;
  readonly setsockopt: (fd: number, level: number, option: number, value: Uint8Array, bytes: number) => number;
  readonly send: (fd: number, data: Uint8Array, bytes: number, flags: number) => number;
  readonly recv: (fd: number, data: Uint8Array, bytes: number, flags: number) => number;
  readonly recvfrom: (
    fd: number,
    data: Uint8Array,
    bytes: number,
    flags: number,
    address: Uint8Array,
    addressBytes: Uint32Array,
  ) => number;
  readonly sendmsg: (fd: number, header: Uint8Array, flags: number) => number;
  readonly shutdown: (fd: number, how: number) => number;
  readonly poll: (entries: Uint8Array, count: number, timeoutMs: number) => number;
  readonly fcntl: (fd: number, command: number, argument: number) => number;
  /** F_OFD_GETLK and F_OFD_SETLK: the lock is read from the struct, and written to it. */
  readonly fcntlLock: (fd: number, command: number, lock: Uint8Array) => number;
  readonly setns: (fd: number, type: number) => number;
  /** Of this thread alone. Both answer with the id before, and never fail: ask again with an id that is none. */
  readonly setfsuid: (uid: number) => number;
  readonly setfsgid: (gid: number) => number;
  readonly getgroups: (count: number, groups: Uint32Array) => number;
  /** The system call, of this thread alone: the function of the C library changes every thread. */
  readonly setThreadGroups: (count: number, groups: Uint32Array) => number;
  readonly prctl: (option: number, value: number) => number;
  readonly faccessat2: (directory: number, path: Uint8Array, mode: number, flags: number) => number;
  /** `limit` holds the soft and the hard one, 64 bits each; nothing is read back. */
  readonly prlimit: (pid: number, resource: number, limit: Uint8Array, former: null) => number;
  /** Of one thread. */
  readonly sched_setaffinity: (thread: number, bytes: number, processors: Uint8Array) => number;
  readonly sched_setscheduler: (thread: number, policy: number, parameters: Uint8Array) => number;
  readonly setpriority: (which: number, thread: number, niceness: number) => number;
  readonly syscall: (number: number, first: number, second: number, third: number, fourth: number) => number;
}

/** What else of koffi this room needs; it stays in this room. */
export interface Ffi {
  readonly libc: Libc;
  /** Where a buffer's first byte lies. For `PinnedBuffer`, which keeps the buffer while the number is in use. */
  readonly addressOf: (buffer: Uint8Array) => bigint;
  /** koffi's libuv watch: see readiness.ts for what it demands of its caller. */
  readonly watch: (fd: number, events: WatchedEvents, onEvent: (status: number) => void) => WatchHandle;
}

export interface WatchedEvents {
  readonly readable?: boolean;
  readonly writable?: boolean;
}

export interface WatchHandle {
  close(): void;
  unref(): void;
}

export type NativeAvailability = { readonly available: true } | { readonly available: false; readonly reason: string };

/** Whether the calls of this room can work on this machine, and if not, one sentence why. Never throws. */
export function nativeAvailability(): NativeAvailability {
  loaded ??= load(process.platform, arch());
  return 'reason' in loaded ? { available: false, reason: loaded.reason } : { available: true };
}

/** The loaded library. Throws {@link NativeUnavailableError}, or the error given to {@link refuseAllCalls}. */
export function ffi(): Ffi {
  if (refusal !== undefined) throw refusal;
  loaded ??= load(process.platform, arch());
  if ('reason' in loaded) throw new NativeUnavailableError(loaded.reason);
  return loaded;
}

/** Shorthand for {@link ffi}.libc. */
export function libc(): Libc {
  return ffi().libc;
}

/** From now on every call of this room, in this thread, throws `error`. There is no way back. */
export function refuseAllCalls(error: Error): void {
  refusal = error;
}

let loaded: Ffi | { readonly reason: string } | undefined;
let refusal: Error | undefined;

// The numbers in constants.ts and the struct layouts hold on these: 64 bits, little endian, asm-generic.
const supportedArchitectures: ReadonlySet<string> = new Set(['x64', 'arm64', 'riscv64', 'loong64']);

/** Loads koffi and the C library, or says why it cannot. */
export function load(
  platform: string,
  architecture: string,
  requireKoffi: () => typeof Koffi = () => createRequire(import.meta.url)('koffi'),
): Ffi | { readonly reason: string } {
  if (platform !== 'linux') {
    return { reason: `Switchyard drives Linux kernels; this is ${platform}. Run it on the Linux host itself.` };
  }
  if (!supportedArchitectures.has(architecture) || endianness() !== 'LE') {
    return { reason: `the processor ${architecture} is not among ${[...supportedArchitectures].join(', ')}.` };
  }
  try {
    return declare(requireKoffi());
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { reason: `the koffi package cannot be loaded (${cause}). Run "npm ci" on this machine.` };
  }
}

/** The one number here that is not the same everywhere: <asm/unistd.h>, setgroups. */
const setgroupsNumber = arch() === 'x64' ? 116 : 159;

type Call = (...args: readonly (number | Uint8Array | Uint32Array | null)[]) => number;

function declare(koffi: typeof Koffi): Ffi {
  const library = koffi.load('libc.so.6');

  // The only place that reads errno: nothing may run between a call and the line after it.
  const once = (prototype: string): Call => {
    const call: Call = library.func(prototype);
    return (...args) => {
      const result = call(...args);
      return result === -1 ? -koffi.errno() : result;
    };
  };
  const untilUninterrupted = (prototype: string): Call => {
    const call = once(prototype);
    return (...args) => {
      for (;;) {
        const result = call(...args);
        if (result !== -EINTR) return result;
      }
    };
  };

  const setgroups = once('long syscall(long, long, const void *)');
  const faccessat2 = untilUninterrupted('long syscall(long, long, const void *, long, long)');

  return {
    libc: {
      socket: once('int socket(int, int, int)'),
      bind: once('int bind(int, const void *, uint32_t)'),
      listen: once('int listen(int, int)'),
      accept4: untilUninterrupted('int accept4(int, void *, void *, int)'),
      connect: once('int connect(int, const void *, uint32_t)'),
      getsockname: once('int getsockname(int, void *, void *)'),
      getpeername: once('int getpeername(int, void *, void *)'),
      getsockopt: once('int getsockopt(int, int, int, void *, void *)'),
      setsockopt: once('int setsockopt(int, int, int, const void *, uint32_t)'),
      send: untilUninterrupted('long send(int, const void *, size_t, int)'),
      recv: untilUninterrupted('long recv(int, void *, size_t, int)'),
      recvfrom: untilUninterrupted('long recvfrom(int, void *, size_t, int, void *, void *)'),
      sendmsg: untilUninterrupted('long sendmsg(int, const void *, int)'),
      shutdown: once('int shutdown(int, int)'),
      poll: once('int poll(void *, unsigned long, int)'),
      fcntl: once('int fcntl(int, int, long)'),
      fcntlLock: untilUninterrupted('int fcntl(int, int, void *)'),
      setns: once('int setns(int, int)'),
      setfsuid: once('int setfsuid(uint32_t)'),
      setfsgid: once('int setfsgid(uint32_t)'),
      getgroups: once('int getgroups(int, void *)'),
      setThreadGroups: (count, groups) => setgroups(setgroupsNumber, count, groups),
      prctl: once('int prctl(int, unsigned long)'),
      faccessat2: (directory, path, mode, flags) => faccessat2(SYS_FACCESSAT2, directory, path, mode, flags),
      prlimit: once('int prlimit(int, int, const void *, void *)'),
      sched_setaffinity: once('int sched_setaffinity(int, size_t, const void *)'),
      sched_setscheduler: once('int sched_setscheduler(int, int, const void *)'),
      setpriority: once('int setpriority(int, int, int)'),
      syscall: once('long syscall(long, long, long, long, long)'),
    },
    addressOf: (buffer) => koffi.address(buffer),
    watch: (fd, events, onEvent) => {
      // koffi's typings name one argument; it passes libuv's status first.
      const onKoffiEvent: (...args: unknown[]) => void = (status) => onEvent(Number(status));
      return koffi.node.poll(fd, events, onKoffiEvent);
    },
  };
}
