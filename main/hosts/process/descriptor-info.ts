/** An open file of a process, as /proc/PID/fdinfo/N shows it (proc_pid_fdinfo(5)). */
export interface DescriptorInfo {
  /** Opened for writing. A descriptor that only names a file (O_PATH) can be had of files that its holder may not read. */
  readonly isWritten: boolean;
  /** The file: its mount and, in that, its inode. */
  readonly mountId: string;
  readonly inode: string;
}

/** `undefined` where a line is missing: kernels before 5.14 do not name the inode. */
export function parseDescriptorInfo(text: string): DescriptorInfo | undefined {
  const valueOf = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(text)?.[1];
  const [flags, mountId, inode] = [valueOf('flags'), valueOf('mnt_id'), valueOf('ino')];
  if (flags === undefined || mountId === undefined || inode === undefined) return undefined;
  return { isWritten: isWritten(Number.parseInt(flags, 8)), mountId, inode };
}

/** Numbers of the kernel's (asm-generic/fcntl.h): node:fs does not have all of them. */
const O_ACCMODE = 0o3;
const O_PATH = 0o10000000;

function isWritten(flags: number): boolean {
  return (flags & O_PATH) === 0 && [1, 2].includes(flags & O_ACCMODE);
}
