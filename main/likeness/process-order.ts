import type { JudgedFinding } from './finding.ts';
import { parseNumberList } from './number-list.ts';
import type { ProcessPortrait, ThreadPortrait } from './portrait.ts';
import { placement, schedulingOf } from './process-rows.ts';

/** How a process begins that Switchyard starts on a host, and what it may change about it. */
export interface StartingPoint {
  /** Switchyard itself, from which it inherits everything. */
  readonly process: ProcessPortrait;
  /** Processors of the host by number. */
  readonly processors: readonly number[];
  /** CAP_SYS_RESOURCE: hard limits may be raised, the out-of-memory adjustment lowered. */
  readonly mayRaiseLimits: boolean;
  /** CAP_SYS_NICE: niceness may be lowered, and a realtime policy set. */
  readonly mayRaisePriority: boolean;
}

/** What a thread of the destination is to get; what is absent stays as it is. */
export interface ThreadOrder {
  readonly role: string;
  readonly processors?: readonly number[];
  readonly scheduling?: Pick<ThreadPortrait, 'policy' | 'priority' | 'niceness'>;
}

/** How the destination's process is made like the source's; what is as it has to be from the start is left out. */
export interface ProcessOrder {
  readonly threads: readonly ThreadOrder[];
  /** `SOFT:HARD`, as in a portrait. */
  readonly limits: Readonly<Record<string, string>>;
  readonly outOfMemoryAdjustment?: number;
  /** What is carried over, and what is not. */
  readonly findings: readonly JudgedFinding[];
}

/**
 * What a new process needs to be run as the source's is, as far as the host has it and its user may give it. Pure; what
 * became of it is seen when the waiting destination is compared with the source.
 */
export function orderFor(source: ProcessPortrait, start: StartingPoint): ProcessOrder {
  const threads = source.threads.map((thread) => orderThread(thread, start));
  const limits = Object.entries(source.limits).flatMap(([name, value]) => {
    const own = start.process.limits[name];
    return own === undefined || own === value ? [] : [orderLimit(name, value, own, start.mayRaiseLimits)];
  });
  const adjustment = orderAdjustment(source, start);
  return {
    threads: threads.flatMap(({ order }) => ((order.processors ?? order.scheduling) ? [order] : [])),
    limits: Object.fromEntries(limits.map(({ name, value }) => [name, value])),
    ...(adjustment?.verdict === 'carried' ? { outOfMemoryAdjustment: source.outOfMemoryAdjustment ?? 0 } : {}),
    findings: [
      ...threads.flatMap(({ findings }) => findings),
      ...limits.map(({ finding }) => finding),
      ...(adjustment ? [adjustment] : []),
      ...leftControlGroup(source, start),
    ],
  };
}

function orderThread(
  thread: ThreadPortrait,
  { process, processors, mayRaisePriority }: StartingPoint,
): { readonly order: ThreadOrder; readonly findings: readonly JudgedFinding[] } {
  const { role, policy, priority, niceness } = thread;
  const name = role === 'main thread' ? 'The main thread' : role;
  const [own] = process.threads;
  if (!own) return { order: { role }, findings: [] };
  const wanted = thread.processors === 'every processor' ? processors : parseNumberList(thread.processors);
  const missing = wanted.filter((each) => !processors.includes(each));
  const isElsewhere = thread.processors !== own.processors;
  const isScheduled = schedulingOf(thread) !== schedulingOf(own);
  const asks = niceness < own.niceness || priority > 0 || !settable.has(policy);
  const isPlaced = isElsewhere && missing.length === 0 && wanted.length > 0;
  const mayBeScheduled = isScheduled && settable.has(policy) && (mayRaisePriority || !asks);
  return {
    order: {
      role,
      ...(isPlaced ? { processors: wanted } : {}),
      ...(mayBeScheduled ? { scheduling: { policy, priority, niceness } } : {}),
    },
    findings: [
      ...(isElsewhere
        ? [
            isPlaced
              ? carried('affinity', role, `${name} has ${placement(thread)}.`)
              : left(
                  'affinity',
                  role,
                  `${name} is pinned to processors ${thread.processors}, and the destination does not have processors ${missing.join(', ')}.`,
                  'It runs on every processor there; pin it after the move with `taskset -cp`.',
                ),
          ]
        : []),
      ...(isScheduled
        ? [
            mayBeScheduled
              ? carried('scheduling', role, `${name} has ${schedulingOf(thread)}.`)
              : left(
                  'scheduling',
                  role,
                  `${name} has ${schedulingOf(thread)}, which Switchyard may not set.`,
                  'Run Switchyard as root, or set it after the move with `chrt` and `renice`.',
                ),
          ]
        : []),
    ],
  };
}

/** Policies that take a priority and a niceness at most. */
const settable: ReadonlySet<string> = new Set(['other', 'batch', 'idle', 'fifo', 'rr']);

function orderLimit(
  name: string,
  value: string,
  own: string,
  mayRaise: boolean,
): { readonly name: string; readonly value: string; readonly finding: JudgedFinding } {
  const [soft, hard] = parseLimit(value);
  const [, ownHard] = parseLimit(own);
  if (mayRaise || hard <= ownHard) {
    return { name, value, finding: carried('resource-limit', name, `The limit ${name} is ${value}.`) };
  }
  const possible = `${printLimit(Math.min(soft, ownHard))}:${printLimit(ownHard)}`;
  return {
    name,
    value: possible,
    finding: left(
      'resource-limit',
      name,
      `The limit ${name} is ${value}, and Switchyard may set no more than ${possible}.`,
      'Run Switchyard as root, or raise the limit of its own session.',
    ),
  };
}

/** Beyond 2^53 a limit is none that anything reaches. */
function parseLimit(text: string): readonly [soft: number, hard: number] {
  const [soft = Infinity, hard = Infinity] = text
    .split(':')
    .map((each) => (each === 'unlimited' ? Infinity : Number(each)));
  return [soft, hard];
}

function printLimit(limit: number): string {
  return limit === Infinity ? 'unlimited' : `${limit}`;
}

function orderAdjustment(
  source: ProcessPortrait,
  { process, mayRaiseLimits }: StartingPoint,
): JudgedFinding | undefined {
  const [wanted, own] = [source.outOfMemoryAdjustment, process.outOfMemoryAdjustment];
  if (wanted === undefined || own === undefined || wanted === own) return undefined;
  const text = `The out-of-memory adjustment is ${wanted}`;
  return wanted > own || mayRaiseLimits
    ? carried('out-of-memory', 'of the process', `${text}.`)
    : left(
        'out-of-memory',
        'of the process',
        `${text}, and Switchyard may set none below ${own}.`,
        'Run Switchyard as root, or write it into /proc/PID/oom_score_adj after the move.',
      );
}

/** The service of the source ends what is in its group when it ends, so that a destination in it would end with the source. */
function leftControlGroup(
  { controlGroup: { path, limits } }: ProcessPortrait,
  { process }: StartingPoint,
): JudgedFinding[] {
  const own = process.controlGroup.limits;
  const lost = Object.entries(limits).filter(([name, value]) => own[name] !== value);
  if (lost.length === 0) return [];
  const text = lost.map(([name, value]) => `${name}=${value}`).join(', ');
  return [
    left(
      'control-group',
      path,
      `The control group ${path} limits the source by ${text}, and the destination starts in that of Switchyard.`,
      'Start Switchyard in a group with these limits (`systemd-run --scope -p ...`), or set them after the move: write the process number of the destination into cgroup.procs of such a group.',
    ),
  ];
}

function carried(row: string, item: string, text: string): JudgedFinding {
  return { row, item, text, remedy: 'The destination is started with it.', verdict: 'carried' };
}

function left(row: string, item: string, text: string, remedy: string): JudgedFinding {
  return { row, item, text, remedy, verdict: 'harmless' };
}
