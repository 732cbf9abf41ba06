import { readFileSync } from 'node:fs';
import { readLink } from '#main/hosts/process/process-table.ts';
import type { ProcessPortrait } from '#main/likeness/portrait.ts';

/** Lines of /proc/PID/status and the name each has for the operator. */
const statusLines: Readonly<Record<string, string>> = {
  Cpus_allowed_list: 'processors',
  Mems_allowed_list: 'memory nodes',
};

/** What the kernel shows of a process; what may not be read is left out. */
export function readProcessPortrait(pid: number, openFilesKnown: boolean): ProcessPortrait {
  const [workingDirectory, root] = [readLink(pid, 'cwd'), readLink(pid, 'root')];
  return {
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    ...(root === undefined ? {} : { root }),
    openFilesKnown,
    attributes: { ...attributesOfStatus(read(pid, 'status')), ...niceOf(read(pid, 'stat')) },
  };
}

export function attributesOfStatus(status: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    status.split('\n').flatMap((line): [string, string][] => {
      const [, key = '', value = ''] = /^(\w+):\s*(.*)$/.exec(line) ?? [];
      const name = statusLines[key];
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

/** Field 19 of /proc/PID/stat, counted behind the program's name, which may hold blanks and brackets. */
export function niceOf(stat: string): Readonly<Record<string, string>> {
  const nice = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16];
  return nice === undefined ? {} : { niceness: nice };
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
