/** Whether what was caught is a system call's error of this kind (`EEXIST`). */
export function isErrno(caught: unknown, code: string): boolean {
  return caught instanceof Error && 'code' in caught && caught.code === code;
}
