import { SYS_PIDFD_GETFD, SYS_PIDFD_OPEN, SYS_PIDFD_SEND_SIGNAL } from './constants.ts';
import { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';

/**
 * A descriptor that stands for one process for good, also when its pid is given to another. It becomes readable when
 * the process ends (`waitUntilReady`). ESRCH when there is no such process. Linux 5.3; pidfd_open(2).
 */
export function openProcess(pid: number): Fd {
  const result = libc().syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0);
  if (result < 0) throw new NativeError('pidfd_open', -result, `open process ${pid}`);
  return new Fd(result);
}

/**
 * A duplicate of a descriptor of another process, such as QEMU's migration socket. The file behind it stays open until
 * both are closed: a connection would outlive the process that made it, so close the duplicate at once after reading.
 *
 * Needs the right to trace the process (same user and, with Yama, a child of ours; else root or CAP_SYS_PTRACE): EPERM.
 * EBADF when the process has no such descriptor. Linux 5.6; pidfd_getfd(2).
 */
export function duplicateDescriptorOf(process: Fd, descriptor: number): Fd {
  const result = libc().syscall(SYS_PIDFD_GETFD, process.number, descriptor, 0, 0);
  if (result < 0) throw new NativeError('pidfd_getfd', -result, `copy descriptor ${descriptor} of another process`);
  return new Fd(result);
}

/**
 * Sends a signal to exactly this process; a later one with the same pid is never hit. ESRCH when it has ended, EPERM
 * when it is another user's. Linux 5.1; pidfd_send_signal(2).
 */
export function signalProcess(process: Fd, signal: number): void {
  const result = libc().syscall(SYS_PIDFD_SEND_SIGNAL, process.number, signal, 0, 0);
  if (result < 0) throw new NativeError('pidfd_send_signal', -result, `send signal ${signal} to a process`);
}
