import { plainName } from '#contract/plain-text.ts';
import type { Command } from '#main/cli/context.ts';
import { printJson } from '#main/cli/console.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { guestLines, hostLines } from '#main/cli/view/hosts.ts';

interface InventoryOptions {
  readonly json?: boolean;
}

export function hosts({ json }: InventoryOptions): Command {
  return async ({ application, console }) => {
    const port = await application();
    const found = await port.hosts();
    if (json === true) printJson(console, found);
    else console.out(hostLines(found));
    if (port.hostsOutOfReach.length > 0) {
      console.log(
        `This user cannot enter these network namespaces: ${port.hostsOutOfReach.map((id) => plainName(id)).join(', ')}. Use sudo to see them.`,
      );
    }
    return exitCode.done;
  };
}

/** Of one host, or of all. */
export function guests(host: string | undefined, { json }: InventoryOptions): Command {
  return async ({ application, console }) => {
    const found = await (await application()).guests(host);
    if (json === true) printJson(console, found);
    else if (found.length === 0) console.out('No QEMU guest runs here. `switchyard lab up` makes one to play with.');
    else console.out(guestLines(found));
    return exitCode.done;
  };
}
