import { invalidRequest } from '#contract/errors.ts';
import type { LabLink, LabOptionTexts } from '#lab/lab.ts';
import type { Command } from '#main/cli/context.ts';
import { printJson } from '#main/cli/console.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { labLines, nextMoveLine, proofLine } from '#main/cli/view/lab.ts';

interface LabCommandOptions {
  readonly name: string;
  readonly json?: boolean;
}

export function up({ json, ...texts }: LabOptionTexts & { readonly json?: boolean }): Command {
  return async ({ console, lab: load }) => {
    const lab = await load();
    const made = await lab.labUp(lab.parseLabOptions(texts));
    if (json === true) printJson(console, made);
    else console.out(`${labLines(made)}\n${nextMoveLine(made)}`);
    return exitCode.done;
  };
}

export function status({ name, json }: LabCommandOptions): Command {
  return async ({ console, lab }) => {
    const found = await (await lab()).labStatus(name);
    if (json === true) printJson(console, found);
    else console.out(labLines(found));
    return exitCode.done;
  };
}

export function list({ json }: { readonly json?: boolean }): Command {
  return async ({ console, lab }) => {
    const port = await lab();
    const [labs, outOfReach] = [await port.labList(), await port.labsOutOfReach()];
    if (json === true) printJson(console, labs);
    else if (labs.length > 0) console.out(labs.join('\n'));
    else if (outOfReach.length === 0) console.out('There is no lab. `switchyard lab up` makes one.');
    else console.out('There is no lab of this user.');
    if (outOfReach.length > 0) {
      console.log(
        `Another user may have labs that this one cannot look into: ${outOfReach.join(', ')}. Use sudo to see them.`,
      );
    }
    return exitCode.done;
  };
}

const linkStates = ['up', 'down', 'silent'] as const satisfies readonly LabLink['state'][];

export function link(index: number, wanted: string, { name, json }: LabCommandOptions): Command {
  return async ({ console, lab }) => {
    const state = linkStates.find((known) => known === wanted);
    if (!state) throw invalidRequest(`A link cannot be "${wanted}".`, `Say one of ${linkStates.join(', ')}.`, 'state');
    const changed = await (await lab()).labLink(name, index, state);
    if (json === true) printJson(console, changed);
    else console.out(`Link ${changed.index} of ${name} is ${changed.state}.`);
    return exitCode.done;
  };
}

export function verify({ name, json }: LabCommandOptions): Command {
  return async ({ console, lab }) => {
    const proof = await (await lab()).labVerify(name);
    if (json === true) printJson(console, proof);
    else console.out(proofLine(proof));
    return proof.proven ? exitCode.done : exitCode.failed;
  };
}

export function down({ name, json }: LabCommandOptions): Command {
  return async ({ console, lab }) => {
    const result = await (await lab()).labDown(name);
    if (json === true) printJson(console, result);
    else if (result.removed.length === 0) console.out(`There is nothing left of lab ${name}.`);
    else console.out(`Removed ${result.removed.join(', ')}.`);
    return exitCode.done;
  };
}
