import type { Resource } from '#native/process-attributes.ts';

/** Lines of /proc/PID/limits (proc_pid_limits(5)) and what prlimit(1) calls each. */
const names: Readonly<Record<string, Resource>> = {
  'Max cpu time': 'cpu',
  'Max file size': 'fsize',
  'Max data size': 'data',
  'Max stack size': 'stack',
  'Max core file size': 'core',
  'Max resident set': 'rss',
  'Max processes': 'nproc',
  'Max open files': 'nofile',
  'Max locked memory': 'memlock',
  'Max address space': 'as',
  'Max file locks': 'locks',
  'Max pending signals': 'sigpending',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
};

/** Each limit as `SOFT:HARD`; one that this version has no name for is left out. */
export function limitsIn(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split('\n').flatMap((line): [string, string][] => {
      const [, name = '', soft = '', hard = ''] = /^(\D+?)\s{2,}(\d+|unlimited)\s+(\d+|unlimited)\b/.exec(line) ?? [];
      const resource = names[name];
      return resource === undefined ? [] : [[resource, `${soft}:${hard}`]];
    }),
  );
}

export interface ResourceLimit {
  readonly resource: Resource;
  /** Absent: unlimited. */
  readonly soft: bigint | undefined;
  readonly hard: bigint | undefined;
}

/** What a portrait says of limits, for the kernel. */
export function parseLimits(limits: Readonly<Record<string, string>>): readonly ResourceLimit[] {
  return Object.values(names).flatMap((resource) => {
    const [soft, hard] = limits[resource]?.split(':') ?? [];
    return soft === undefined || hard === undefined ? [] : [{ resource, soft: number(soft), hard: number(hard) }];
  });
}

function number(text: string): bigint | undefined {
  return text === 'unlimited' ? undefined : BigInt(text);
}
