import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ControlGroup } from '#main/likeness/portrait.ts';

/** The file of a limit, the hierarchy in which it is, and the value that is none. */
interface LimitFile {
  readonly name: string;
  /** `undefined`: the unified one, version 2. */
  readonly controller: string | undefined;
  readonly none: RegExp;
}

const limitFiles: readonly LimitFile[] = [
  { name: 'cpu.max', controller: undefined, none: /^max / },
  { name: 'cpu.weight', controller: undefined, none: /^100$/ },
  { name: 'cpuset.cpus', controller: undefined, none: /^$/ },
  { name: 'cpuset.mems', controller: undefined, none: /^$/ },
  { name: 'io.max', controller: undefined, none: /^$/ },
  { name: 'memory.high', controller: undefined, none: /^max$/ },
  { name: 'memory.max', controller: undefined, none: /^max$/ },
  { name: 'pids.max', controller: undefined, none: /^max$/ },
  { name: 'cpu.cfs_quota_us', controller: 'cpu', none: /^-1$/ },
  { name: 'cpu.shares', controller: 'cpu', none: /^1024$/ },
  { name: 'memory.limit_in_bytes', controller: 'memory', none: /^9223372036854[0-9]{6}$/ },
];

/** Deeper than any service manager nests its groups. */
const deepest = 32;

/** `read` answers with an empty text where there is no such file. */
type Read = (path: string) => string;

/** What limits the group that a line of /proc/PID/cgroup names, from the group itself up to the root. */
export function readControlGroup(text: string, read: Read = readHere): ControlGroup {
  const places = new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [, controllers = '', path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
      return path === undefined ? [] : controllers.split(',').map((name) => [name, path]);
    }),
  );
  const limits = limitFiles.flatMap(({ name, controller, none }): [string, string][] => {
    const path = places.get(controller ?? '');
    if (path === undefined) return [];
    const mounts =
      controller === undefined ? ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'] : [`/sys/fs/cgroup/${controller}`];
    const values = groupsAbove(path)
      .map((group) => mounts.map((mount) => read(join(mount, group, name)).trim()).find((value) => value !== '') ?? '')
      .filter((value) => value !== '' && !none.test(value));
    // The group's own value first, then those of the groups above, which limit it as well.
    const distinct = [...new Set(values)].map((value) => value.replaceAll('\n', '; '));
    return distinct.length === 0 ? [] : [[name, distinct.join(', ')]];
  });
  const memory = places.get('memory');
  const unified = places.get('') ?? '';
  return { path: memory !== undefined && unified.length <= 1 ? memory : unified, limits: Object.fromEntries(limits) };
}

/** The group and those above it. The root has no limits; a path of another control group namespace leads out of ours. */
function groupsAbove(path: string): readonly string[] {
  const groups: string[] = [];
  for (let group = path; group !== '/' && groups.length < deepest && !group.includes('/..'); group = dirname(group)) {
    groups.push(group);
  }
  return groups;
}

function readHere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
