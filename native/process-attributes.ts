import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';

/** Numbers of RLIMIT_* (asm-generic/resource.h), by the names that prlimit(1) has for them. */
export const resourceNumbers = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;
export type Resource = keyof typeof resourceNumbers;

/** SCHED_* (include/uapi/linux/sched.h) by number. A deadline takes parameters of its own. */
export const schedulingPolicies = ['other', 'fifo', 'rr', 'batch', 'iso', 'idle', 'deadline'] as const;
export type SchedulingPolicy = (typeof schedulingPolicies)[number];

/** RLIM_INFINITY. */
const unlimited = 0xffff_ffff_ffff_ffffn;
/** PRIO_PROCESS: of one thread, on Linux. */
const PRIO_PROCESS = 0;

/** `undefined` is no limit. prlimit(2): EPERM for another user's process, and for a hard limit above the present one. */
export function setResourceLimit(
  pid: number,
  resource: Resource,
  soft: bigint | undefined,
  hard: bigint | undefined,
): void {
  const limit = Buffer.alloc(16);
  limit.writeBigUInt64LE(soft ?? unlimited, 0);
  limit.writeBigUInt64LE(hard ?? unlimited, 8);
  const result = libc().prlimit(pid, resourceNumbers[resource], limit, null);
  if (result < 0) throw new NativeError('prlimit', -result, `set the limit ${resource} of process ${pid}`);
}

/** The processors by number. sched_setaffinity(2): EINVAL when the machine, or the control group, has none of them. */
export function setAffinity(thread: number, processors: readonly number[]): void {
  const highest = processors.reduce((most, each) => Math.max(most, each), 0);
  // The kernel takes whole words.
  const mask = Buffer.alloc((Math.floor(highest / 64) + 1) * 8);
  for (const each of processors) mask.writeUInt8(mask.readUInt8(each >> 3) | (1 << (each & 7)), each >> 3);
  const result = libc().sched_setaffinity(thread, mask.length, mask);
  if (result < 0) throw new NativeError('sched_setaffinity', -result, `set the processors of thread ${thread}`);
}

/** setpriority(2): EACCES for a lower value than before, without CAP_SYS_NICE. */
export function setNiceness(thread: number, niceness: number): void {
  const result = libc().setpriority(PRIO_PROCESS, thread, niceness);
  if (result < 0) throw new NativeError('setpriority', -result, `set the niceness of thread ${thread}`);
}

/** `priority` is 0 but for `fifo` and `rr`. sched_setscheduler(2): EPERM for those without CAP_SYS_NICE. */
export function setSchedulingPolicy(thread: number, policy: SchedulingPolicy, priority: number): void {
  const parameters = Buffer.alloc(4);
  parameters.writeInt32LE(priority, 0);
  const result = libc().sched_setscheduler(thread, schedulingPolicies.indexOf(policy), parameters);
  if (result < 0) throw new NativeError('sched_setscheduler', -result, `set the scheduling of thread ${thread}`);
}
