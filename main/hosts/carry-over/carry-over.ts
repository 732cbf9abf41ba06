import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import { parseCommandLine, printCommandLine } from '#main/hosts/command-line/command-line.ts';
import { carryBackends } from './backends.ts';
import { carryBlockNodes } from './block-nodes.ts';
import type { Pass } from './change.ts';
import { carryDevices } from './devices.ts';
import { carryDrives } from './drives.ts';

/** A command line that makes the guest as it is now. */
export interface CarriedOver {
  readonly argv: readonly string[];
  /** What was changed in it, and what cannot be read back; empty for a guest that is as it was started. */
  readonly findings: readonly JudgedFinding[];
}

const passes: readonly Pass[] = [carryDrives, carryBlockNodes, carryDevices, carryBackends];

/**
 * The guest's own command line, changed where the running guest has changed since. What has not changed keeps its text,
 * letter by letter. Whether the result is the guest's likeness is not known from this alone: the QEMU that was started with
 * it is asked (`compare` in main/likeness).
 */
export function carryOver(argv: readonly string[], source: Portrait): CarriedOver {
  let commandLine = parseCommandLine(argv);
  const findings: JudgedFinding[] = [];
  for (const pass of passes) {
    const change = pass(commandLine, source);
    commandLine = change.commandLine;
    findings.push(...change.findings);
  }
  return { argv: printCommandLine(commandLine), findings };
}
