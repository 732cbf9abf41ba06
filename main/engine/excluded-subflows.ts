import { SwitchyardError } from '#contract/errors.ts';
import type { Plan } from '#contract/migration.ts';
import type { Sample, SubflowSample } from '#contract/telemetry.ts';
import { carries } from './missing-paths.ts';
import type { Ports } from './ports.ts';

/**
 * Subflows where the operator wants none. Nothing is announced for an excluded path, but what the destination announces for good
 * is announced to every connection, and the kernel joins there by itself. The last one that carries anything is never one of
 * them: without it there would be no connection.
 */
export function excludedSubflows(
  { paths, leftOut = [] }: Pick<Plan, 'paths' | 'leftOut'>,
  { subflows }: Pick<Sample, 'subflows'>,
): readonly SubflowSample[] {
  const excluded = leftOut.filter(({ reason }) => reason === 'excluded-by-operator');
  const [sources, destinations] = [
    paths.map((path) => path.sourceAddress),
    paths.map((path) => path.destinationAddress),
  ];
  const isExcluded = ({ localAddress, remoteAddress }: SubflowSample): boolean =>
    excluded.some((pair) => {
      const [atSource, atDestination] = [
        pair.sourceAddress === localAddress,
        pair.destinationAddress === remoteAddress,
      ];
      if (atSource && atDestination) return true;
      // At one end alone only where that end is no other path's.
      return (atSource && !sources.includes(localAddress)) || (atDestination && !destinations.includes(remoteAddress));
    });
  return subflows.filter(
    (subflow) =>
      subflow.state !== 'closed' &&
      isExcluded(subflow) &&
      subflows.some((other) => connectionOf(other) === connectionOf(subflow) && carries(other) && !isExcluded(other)),
  );
}

function connectionOf({ id }: SubflowSample): string {
  return id.slice(0, id.lastIndexOf('/'));
}

export interface ClosingOptions {
  readonly ports: Pick<Ports, 'source' | 'plan'>;
  /** A fault of ours, while no caller waits for an answer. */
  readonly onFault: (thrown: unknown) => void;
}

/** Closes such subflows as soon as they are seen, each once. */
export class ExcludedSubflows {
  readonly #options: ClosingOptions;
  readonly #closed = new Set<string>();

  constructor(options: ClosingOptions) {
    this.#options = options;
  }

  sampled(sample: Pick<Sample, 'subflows'>): void {
    const { ports, onFault } = this.#options;
    for (const { id, localAddress, remoteAddress, remotePort: port } of excludedSubflows(ports.plan, sample)) {
      if (this.#closed.has(id)) continue;
      this.#closed.add(id);
      ports.source.closeSubflows({ localAddress, remoteAddress, port }).catch((thrown: unknown) => {
        // A host that cannot close it (no right to, no way to) leaves it as it is: the record shows what it carried.
        if (!(thrown instanceof SwitchyardError)) onFault(thrown);
      });
    }
  }
}
