import { readFileSync } from 'node:fs';
import { readDescriptors, readLink } from '#main/hosts/process/process-table.ts';
import type { ListenerPortrait, ProcessPortrait, ThreadPortrait } from '#main/likeness/portrait.ts';
import { schedulingPolicies } from '#native/process-attributes.ts';
import { readControlGroup } from './control-group.ts';
import { orEvery, parseNumberList } from '#main/likeness/number-list.ts';
import { limitsIn } from './resource-limits.ts';
import type { GuestThread } from './threads.ts';

/** What QEMU and the socket tables said of a process, which /proc/PID does not. */
export interface ProcessAnswers {
  readonly threads: readonly GuestThread[];
  readonly listeners: readonly ListenerPortrait[];
  /** Where relative names of its command line begin. */
  readonly startedIn?: string;
}

/** What the kernel shows of a process; what may not be read is left out. */
export function readProcessPortrait(
  pid: number,
  openFilesKnown: boolean,
  { threads, listeners, startedIn }: ProcessAnswers = { threads: [], listeners: [] },
): ProcessPortrait {
  const [workingDirectory, root] = [startedIn ?? readLink(pid, 'cwd'), readLink(pid, 'root')];
  const adjustment = read(`/proc/${pid}/oom_score_adj`).trim();
  const here = { processors: onlineProcessors(), memoryNodes: numbersIn('/sys/devices/system/node/online') };
  return {
    pid,
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(root === undefined ? {} : { root }),
    openFilesKnown,
    threads: [{ role: 'main thread', id: pid }, ...threads].flatMap(({ role, id }) => {
      const folder = `/proc/${pid}/task/${id}`;
      return threadOf(role, id, { status: read(`${folder}/status`), stat: read(`${folder}/stat`) }, here) ?? [];
    }),
    limits: limitsIn(read(`/proc/${pid}/limits`)),
    ...(adjustment === '' ? {} : { outOfMemoryAdjustment: Number(adjustment) }),
    controlGroup: readControlGroup(read(`/proc/${pid}/cgroup`)),
    vhostQueues: [...readDescriptors(pid).values()].filter((target) => target === '/dev/vhost-net').length,
    listeners,
  };
}

/** Processors of this machine that run now. */
export function onlineProcessors(): readonly number[] {
  return numbersIn('/sys/devices/system/cpu/online');
}

/** What a machine has, by number. */
interface Present {
  readonly processors: readonly number[];
  readonly memoryNodes: readonly number[];
}

/** `undefined` of a thread that has ended, or that QEMU names by a number of another pid namespace. */
export function threadOf(
  role: string,
  id: number,
  { status, stat }: { readonly status: string; readonly stat: string },
  present: Present,
): ThreadPortrait | undefined {
  const allowed = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  // Counted from field 3, behind the program's name, which may hold blanks and brackets (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [niceness, priority, policy] = [fields[16], fields[37], fields[38]].map(Number);
  if (status === '' || niceness === undefined || Number.isNaN(niceness)) return undefined;
  return {
    role,
    id,
    processors: orEvery(allowed('Cpus_allowed_list'), present.processors, 'every processor'),
    memoryNodes: orEvery(allowed('Mems_allowed_list'), present.memoryNodes, 'every memory node'),
    niceness,
    policy: schedulingPolicies[policy ?? -1] ?? '',
    priority: priority ?? 0,
  };
}

function numbersIn(path: string): readonly number[] {
  return parseNumberList(read(path));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
