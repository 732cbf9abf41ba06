import { formatBitsPerSecond, formatBytes } from '#contract/units.ts';
import type { LabGuest, LabProof, LabStatus } from '#lab/lab.ts';
import { plainName, plainText } from '#contract/plain-text.ts';
import { table } from './table.ts';

/** What a lab is now: its links with both ends, and its guest. */
export function labLines({ hosts, links, guest, otherCopies }: LabStatus): string {
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
    guest ? `${plainName(guest.name)} is ${whereabouts(guest)}.` : 'No QEMU carries the guest.',
    ...otherCopies.map((copy) => `Another copy is ${whereabouts(copy)}.`),
  ].join('\n');
}

function whereabouts({ state, stateReason, host, pid, memoryBytes }: LabGuest): string {
  const size = memoryBytes === undefined ? '' : `, ${formatBytes(memoryBytes)}`;
  const reason = stateReason === undefined ? '' : ` (${plainText(stateReason)})`;
  return `${plainName(state)}${reason} on ${host ?? 'no host'} (process ${pid}${size})`;
}

/** What to type next: the way back is the same command with the hosts exchanged. */
export function nextMoveLine({ name, hosts, guest }: LabStatus): string {
  const [source, destination] = hosts;
  const [from, to] = guest?.host === destination?.id ? [destination, source] : [source, destination];
  return (
    `Now type: switchyard migrate ${guest?.name ?? `${name}-guest`} ` +
    `--from ${from?.id ?? `${name}-source`} --to ${to?.id ?? `${name}-destination`}`
  );
}

export function proofLine(proof: LabProof): string {
  const where = `${plainName(proof.guest)} on ${proof.host ?? 'no host'}`;
  return proof.proven
    ? `The memory of ${where} is proven: ${proof.steps} writes, none lost.`
    : `The memory of ${where} is NOT proven: ${plainText(proof.reason)}.`;
}
