/** What of /proc/PID/stat (proc_pid_stat(5)) distinguishes one process from another with the same number. */
export interface ProcessStat {
  readonly pid: number;
  /** `R`, `S`, `D`, `T`, `Z`, ... */
  readonly state: string;
  readonly threads: number;
  /** Clock ticks since boot. */
  readonly startTimeTicks: number;
}

/**
 * The command's name, second and in parentheses, may hold spaces and parentheses itself: fields are counted after the
 * last.
 */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const end = text.lastIndexOf(')');
  const pid = Number.parseInt(text, 10);
  // The first of these is field 3.
  const fields = text.slice(end + 2).split(' ');
  const [state, threads, startTimeTicks] = [fields[0], Number(fields[17]), Number(fields[19])];
  if (end < 0 || !state || !Number.isSafeInteger(pid) || !Number.isSafeInteger(threads)) return undefined;
  return Number.isSafeInteger(startTimeTicks) ? { pid, state, threads, startTimeTicks } : undefined;
}

/**
 * A process that has ended and only waits to be reaped executes nothing and holds no file, socket or memory. While
 * other threads of it are still being torn down its state is `Z` as well, so the last one must be gone too.
 */
export function hasEnded(stat: ProcessStat): boolean {
  return stat.state === 'X' || (stat.state === 'Z' && stat.threads <= 1);
}
