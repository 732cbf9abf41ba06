import { invalidRequest } from '#contract/errors.ts';
import { formatBitsPerSecond, formatBytes } from '#contract/units.ts';
import {
  labDown,
  labLink,
  labList,
  labStatus,
  labUp,
  labVerify,
  parseLabOptions,
  type LabLink,
  type LabOptionTexts,
  type LabStatus,
} from '#lab/lab.ts';
import type { Command } from '#main/cli/context.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { printJson } from '#main/cli/console.ts';
import { table } from '#main/cli/view/table.ts';

interface LabCommandOptions {
  readonly name: string;
  readonly json?: boolean;
}

export function up({ json, ...texts }: LabOptionTexts & { readonly json?: boolean }): Command {
  return async ({ console }) => {
    const status = await labUp(parseLabOptions(texts));
    if (json === true) printJson(console, status);
    else {
      const [source, destination] = status.hosts;
      console.out(statusLines(status));
      console.out(
        `Now type: switchyard migrate ${status.guest?.name ?? ''} --from ${source?.id ?? ''} --to ${destination?.id ?? ''}`,
      );
    }
    return exitCode.done;
  };
}

export function status({ name, json }: LabCommandOptions): Command {
  return async ({ console }) => {
    const found = await labStatus(name);
    if (json === true) printJson(console, found);
    else console.out(statusLines(found));
    return exitCode.done;
  };
}

export function list({ json }: { readonly json?: boolean }): Command {
  return async ({ console }) => {
    const labs = await labList();
    if (json === true) printJson(console, labs);
    else console.out(labs.length === 0 ? 'There is no lab. `switchyard lab up` makes one.' : labs.join('\n'));
    return exitCode.done;
  };
}

const linkStates = ['up', 'down', 'silent'] as const satisfies readonly LabLink['state'][];

export function link(index: number, wanted: string, { name, json }: LabCommandOptions): Command {
  return async ({ console }) => {
    const state = linkStates.find((known) => known === wanted);
    if (!state) throw invalidRequest(`A link cannot be "${wanted}".`, `Say one of ${linkStates.join(', ')}.`, 'state');
    const changed = await labLink(name, index, state);
    if (json === true) printJson(console, changed);
    else console.out(`Link ${changed.index} of ${name} is ${changed.state}.`);
    return exitCode.done;
  };
}

export function verify({ name, json }: LabCommandOptions): Command {
  return async ({ console }) => {
    const proof = await labVerify(name);
    if (json === true) printJson(console, proof.proven ? { ...proof, steps: Number(proof.steps) } : proof);
    else if (proof.proven) {
      console.out(
        `The memory of ${proof.guest} on ${proof.host ?? 'no host'} is proven: ${proof.steps} writes, none lost.`,
      );
    } else console.out(`The memory of ${proof.guest} is NOT proven: ${proof.reason}.`);
    return proof.proven ? exitCode.done : exitCode.failed;
  };
}

export function down({ name, json }: LabCommandOptions): Command {
  return async ({ console }) => {
    const result = await labDown(name);
    if (json === true) printJson(console, result);
    else
      console.out(
        result.removed.length === 0 ? `There is nothing left of lab ${name}.` : `Removed ${result.removed.join(', ')}.`,
      );
    return exitCode.done;
  };
}

function statusLines({ hosts, links, guest, otherCopies }: LabStatus): string {
  return [
    table(
      ['Link', 'Rate', 'State', ...hosts.map(({ id }) => id)],
      links.map((each) => [
        String(each.index),
        formatBitsPerSecond(each.rateBitsPerSecond),
        each.state,
        `${each.source.interface} ${each.source.address}`,
        `${each.destination.interface} ${each.destination.address}`,
      ]),
    ),
    guest
      ? `${guest.name} is ${guest.state} on ${guest.host ?? 'no host'} (process ${guest.pid}, ${guest.memoryBytes === undefined ? 'size unknown' : formatBytes(guest.memoryBytes)}).`
      : 'No QEMU carries the guest.',
    ...otherCopies.map((copy) => `Another copy is ${copy.state} on ${copy.host ?? 'no host'} (process ${copy.pid}).`),
  ].join('\n');
}
