import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import type { ProcessPortrait } from '#main/likeness/portrait.ts';
import type { ProcessOrder, StartingPoint, ThreadOrder } from '#main/likeness/process-order.ts';
import { isNativeError } from '#native/native-error.ts';
import {
  schedulingPolicies,
  setAffinity,
  setNiceness,
  setResourceLimit,
  setSchedulingPolicy,
} from '#native/process-attributes.ts';
import { ourselves } from './authority/ourselves.ts';
import { onlineProcessors, readProcessPortrait } from './portrait/process-portrait.ts';
import { parseLimits } from './portrait/resource-limits.ts';
import type { GuestThread } from './portrait/threads.ts';

/** CAP_SYS_NICE and CAP_SYS_RESOURCE (linux/capability.h). */
const capability = { nice: 23n, resource: 24n } as const;

/** How a process begins that we start here, and what we may change about it. */
export function startingPoint(): StartingPoint {
  const permitted = isFirstUserNamespace() ? (ourselves().credentials?.permitted ?? 0n) : 0n;
  return {
    process: readProcessPortrait(process.pid, true),
    processors: onlineProcessors(),
    mayRaiseLimits: ((permitted >> capability.resource) & 1n) === 1n,
    mayRaisePriority: ((permitted >> capability.nice) & 1n) === 1n,
  };
}

/** What has to be set before the program begins, as commands that execute the rest of their arguments. */
export interface Prelude {
  readonly tool: 'prlimit' | 'taskset';
  readonly args: readonly string[];
}

/**
 * Limits above our own, which the program needs while it starts (memory that is locked, disks that are opened), and
 * processors, since memory is allocated where a thread runs first. Everything else can be set once it runs.
 */
export function preludeOf({ limits, threads }: ProcessOrder, own: ProcessPortrait): readonly Prelude[] {
  const raised = parseLimits(limits).filter(({ resource, soft, hard }) => {
    const [present] = parseLimits({ [resource]: own.limits[resource] ?? '' });
    return present !== undefined && (isAbove(soft, present.soft) || isAbove(hard, present.hard));
  });
  const processors = threads.find(({ role }) => role === mainThread)?.processors;
  return [
    ...(raised.length === 0
      ? []
      : [{ tool: 'prlimit' as const, args: raised.map(({ resource }) => `--${resource}=${limits[resource] ?? ''}`) }]),
    ...(processors === undefined ? [] : [{ tool: 'taskset' as const, args: ['-c', processors.join()] }]),
  ];
}

/**
 * Makes a process that waits for a guest like its source, as far as the kernel lets us: what it refuses is seen when the
 * two are compared. The threads that belong to no part of the guest go where the main thread goes.
 */
export function applyOrder(pid: number, guestThreads: readonly GuestThread[], order: ProcessOrder): void {
  for (const { resource, soft, hard } of parseLimits(order.limits)) {
    attempt(() => setResourceLimit(pid, resource, soft, hard));
  }
  const { outOfMemoryAdjustment: adjustment } = order;
  if (adjustment !== undefined) adjustOutOfMemory(pid, adjustment);
  const own = new Set(guestThreads.map(({ id }) => id));
  for (const thread of order.threads) {
    const ids = guestThreads.filter(({ role }) => role === thread.role).map(({ id }) => id);
    const others = thread.role === mainThread ? threadsOf(pid).filter((id) => !own.has(id)) : [];
    for (const id of [...ids.filter((each) => threadsOf(pid).includes(each)), ...others]) applyToThread(id, thread);
  }
}

const mainThread = 'main thread';

function applyToThread(id: number, { processors, scheduling }: ThreadOrder): void {
  if (processors) attempt(() => setAffinity(id, processors));
  if (!scheduling) return;
  const policy = schedulingPolicies.find((each) => each === scheduling.policy);
  if (policy) attempt(() => setSchedulingPolicy(id, policy, scheduling.priority));
  attempt(() => setNiceness(id, scheduling.niceness));
}

function adjustOutOfMemory(pid: number, value: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, `${value}`);
  } catch {
    // As above.
  }
}

function attempt(change: () => void): void {
  try {
    change();
  } catch (thrown) {
    if (!isNativeError(thrown)) throw thrown;
  }
}

function isAbove(limit: bigint | undefined, present: bigint | undefined): boolean {
  return present !== undefined && (limit === undefined || limit > present);
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    // It has ended.
    return [];
  }
}

/** In another one a capability is none over limits and priorities. */
function isFirstUserNamespace(): boolean {
  try {
    return /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  } catch {
    return false;
  }
}
