import type { Command, Context } from '#main/cli/context.ts';
import { printJson } from '#main/cli/console.ts';
import { comparisonLines } from '#main/cli/demo/comparison-view.ts';
import { demoDocument, recordLines, runDemo } from '#main/cli/demo/demo.ts';
import type { MigrationView } from '#main/cli/drive.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { liveView } from '#main/cli/view/live/live-view.ts';

/** One guest, two links: there by TCP over one, back by Multipath TCP over both. */
export function demo({ json = false }: { readonly json?: boolean }): Command {
  return async (context) => {
    const { console } = context;
    const say = json ? console.log : console.out;
    const end = await runDemo(context, { say, view: () => demoView(context, json) });
    switch (end.kind) {
      case 'compared': {
        const { tcp, mptcp } = end.comparison;
        if (json) printJson(console, demoDocument(end.lab, end.comparison));
        else {
          console.out(`\n${comparisonLines(end.comparison)}\n\n${recordLines([tcp.migrationId, mptcp.migrationId])}`);
        }
        return tcp.memory.proven && mptcp.memory.proven ? exitCode.done : exitCode.failed;
      }
      case 'refused':
        return failed(context, json, `Preflight refused:\n${end.why}`, exitCode.refused);
      case 'failed':
        return failed(context, json, end.why, exitCode.failed);
      case 'interrupted':
        return failed(context, json, 'Stopped before it was done; nothing is left of the lab.', exitCode.failed);
    }
  };
}

function failed({ console }: Context, json: boolean, why: string, code: number): number {
  console.log(why);
  if (json) {
    const remedy = 'Fix what is named, then run the demo again.';
    printJson(console, { error: { kind: 'rejected', phase: 'demo', event: 'demo', text: why, remedy } });
  }
  return code;
}

/** The picture on a terminal; a pipe gets the demo's own lines only, the rest is in the records. */
function demoView({ console, clock }: Context, json: boolean): MigrationView {
  const terminal = json ? console.terminals.log : console.terminals.out;
  if (terminal) return liveView(terminal, { clock, managedHere: () => true });
  return { entry: () => undefined, sample: () => undefined, say: console.log, close: () => undefined };
}
