import { invalidRequest } from '#contract/errors.ts';
import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import { parseCommandLine, printCommandLine } from '#main/hosts/command-line/command-line.ts';
import { carryBackends } from './backends.ts';
import { carryBlockNodes } from './block-nodes.ts';
import type { Pass } from './change.ts';
import { carryDevices } from './devices.ts';
import { carryDrives } from './drives.ts';
import { refuseListeners } from './listeners.ts';

/** A command line that makes the guest as it is now. */
export interface CarriedOver {
  readonly argv: readonly string[];
  /** What was changed in it, and what cannot be read back; empty for a guest that is as it was started. */
  readonly findings: readonly JudgedFinding[];
}

/** A guest with a thousand disks has some. Each is compared with others, and any process can write as many as it likes. */
const mostArguments = 8192;

/** Listeners first, by the command line that the guest was started with. */
const passes: readonly Pass[] = [refuseListeners, carryDrives, carryBlockNodes, carryDevices, carryBackends];

/**
 * The guest's own command line, changed where the running guest has changed since. What has not changed keeps its text,
 * letter by letter. Whether the result is the guest's likeness is not known from this alone: the QEMU that was started with
 * it is asked (`compare` in main/likeness). Throws `invalid-request` for a command line that no guest needs.
 */
export function carryOver(argv: readonly string[], source: Portrait): CarriedOver {
  if (argv.length > mostArguments) {
    throw invalidRequest(
      `The command line of this guest has ${argv.length} arguments, and at most ${mostArguments} are brought up to date.`,
      'Restart the guest with fewer.',
      'guest.argv',
    );
  }
  let commandLine = parseCommandLine(argv);
  const findings: JudgedFinding[] = [];
  for (const pass of passes) {
    const change = pass(commandLine, source);
    commandLine = change.commandLine;
    findings.push(...change.findings);
  }
  return { argv: printCommandLine(commandLine), findings };
}
