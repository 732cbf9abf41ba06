import type { Path, Side } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';

export function interfaceOf(path: Path, side: Side): string {
  return side === 'source' ? path.sourceInterface : path.destinationInterface;
}

export interface LostLink {
  readonly side: Side;
  readonly interface: string;
  readonly sinceMonoMs: Milliseconds;
}

/** Which ends of paths have lost their link. A cable that is pulled is often seen from both ends. */
export class PathLinks {
  readonly #lost = new Map<string, LostLink>();

  /** Returns since when that end had been without a link, when it gets it back. */
  change(side: Side, name: string, carrier: boolean, atMonoMs: Milliseconds): Milliseconds | undefined {
    const end = `${side}/${name}`;
    const since = this.#lost.get(end)?.sinceMonoMs;
    if (carrier) this.#lost.delete(end);
    else this.#lost.set(end, { side, interface: name, sinceMonoMs: since ?? atMonoMs });
    return since;
  }

  get lost(): readonly LostLink[] {
    return [...this.#lost.values()];
  }

  isUp(path: Path): boolean {
    return (['source', 'destination'] as const).every((side) => !this.#lost.has(`${side}/${interfaceOf(path, side)}`));
  }
}
