import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import type { CommandLine } from '#main/hosts/command-line/command-line.ts';

/** A command line that has become more like the running guest, and what was changed for that. */
export interface Change {
  readonly commandLine: CommandLine;
  readonly findings: readonly JudgedFinding[];
}

/** One kind of thing that may have changed since the start. */
export type Pass = (commandLine: CommandLine, source: Portrait) => Change;

export function carried(row: string, item: string, text: string): JudgedFinding {
  return { row, item, text, remedy: 'The destination is started with it as it is now.', verdict: 'carried' };
}

export function refused(row: string, item: string, text: string, remedy: string): JudgedFinding {
  return { row, item, text, remedy, verdict: 'refused' };
}
