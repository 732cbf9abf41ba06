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

/** Options that a running QEMU does not report. The destination has QEMU's own values for them, which may be others. */
export function notReported(row: string, item: string, what: string, names: string): JudgedFinding {
  return {
    row,
    item,
    text: `QEMU does not report these options of ${what}: ${names}. The destination has QEMU's defaults for them.`,
    remedy: 'Where the guest was given others, restart it with all of them on its command line instead.',
    verdict: 'harmless',
  };
}
