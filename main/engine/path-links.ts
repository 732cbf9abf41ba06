import type { Path, Side } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';

export function interfaceOf(path: Path, side: Side): string {
  return side === 'source' ? path.sourceInterface : path.destinationInterface;
}

/** Which ends of which paths have lost their link. A cable that is pulled is often seen from both ends. */
export class PathLinks {
  readonly #lostAtMonoMs = new Map<string, Milliseconds>();

  /** Returns since when that end had been without a link, when it gets it back. */
  change(side: Side, path: Path, carrier: boolean, atMonoMs: Milliseconds): Milliseconds | undefined {
    const end = endOf(path, side);
    const since = this.#lostAtMonoMs.get(end);
    if (carrier) this.#lostAtMonoMs.delete(end);
    else this.#lostAtMonoMs.set(end, since ?? atMonoMs);
    return since;
  }

  isUp(path: Path): boolean {
    return !this.#lostAtMonoMs.has(endOf(path, 'source')) && !this.#lostAtMonoMs.has(endOf(path, 'destination'));
  }
}

function endOf(path: Path, side: Side): string {
  return `${side}/${interfaceOf(path, side)}`;
}
